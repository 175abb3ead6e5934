//! `meter set-address`: another address for a module.

use pzem::operation::SetAddress;
use pzem::{Failure, Target};
use serde::Serialize;

use super::{confirm, print, print_json};
use crate::cli::{Family, SetAddressOptions};
use crate::error::Problem;
use crate::link::Link;

#[derive(Serialize)]
struct Done {
    ok: bool,
    address: u8,
}

pub(crate) fn run(options: &SetAddressOptions) -> Result<(), Problem> {
    let mut link = Link::open(&options.link, Family::Ac)?;
    let target = link.one_target(&options.link)?;
    let new = options.new;
    let question = match target {
        Target::Unit(old) => format!("module {old} on {} gets the address {new}", link.name),
        Target::General => format!(
            "the only module on {} gets the address {new} (with several connected, all of them do)",
            link.name
        ),
    };
    confirm(&question, options.yes)?;
    let operation = match target {
        Target::Unit(old) => SetAddress::new(old, new),
        Target::General => SetAddress::of_only_module(new),
    };
    match link.run(operation) {
        Ok(()) if options.link.json => print_json(&Done {
            ok: true,
            address: new.get(),
        }),
        Ok(()) => print(&format!("the module now answers at {new}")),
        Err(error) if error.failure() == Some(Failure::Unconfirmed) => {
            Err(Problem::Refused(format!(
                "sent, but the module answers neither at {new} nor at {target}: look for it with `meter scan`"
            )))
        }
        Err(error) => Err(error.into()),
    }
}
