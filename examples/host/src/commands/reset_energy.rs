//! `meter reset-energy`: the energy counter back to zero.

use pzem::operation::{Family as Map, ResetEnergy};
use serde::Serialize;

use super::{confirm, print, print_json};
use crate::cli::{Family, ResetOptions};
use crate::error::Problem;
use crate::link::Link;
use crate::report::fixed;

#[derive(Serialize)]
struct Done {
    ok: bool,
    before_mwh: u64,
}

pub(crate) fn run(options: &ResetOptions) -> Result<(), Problem> {
    let map = match options.family {
        Family::Ac => Map::Ac,
        Family::Dc => Map::Dc,
        Family::Legacy => {
            return Err(Problem::Usage(
                "v1/v2 modules are reset with the button on the board only".to_owned(),
            ));
        }
    };
    let mut link = Link::open(&options.link, options.family)?;
    let target = link.one_target(&options.link)?;
    confirm(
        &format!("the energy counter of the module at {target} is set to zero for good"),
        options.yes,
    )?;
    let before_wh = link.run(ResetEnergy::new(target, map))?;
    if options.link.json {
        return print_json(&Done {
            ok: true,
            before_mwh: u64::from(before_wh) * 1_000,
        });
    }
    let before = fixed(u64::from(before_wh), 1_000, 3);
    print(&format!("the counter is at zero; it was {before} kWh"))
}
