//! `meter read`: one reading.

use pzem::Target;
use pzem::legacy::{LegacyAddress, ReadAll};
use pzem::operation::{DcBlock, FullBlock, ReadRegisters};

use super::{print, print_json};
use crate::cli::{Family, ReadOptions};
use crate::error::{Problem, code, explain};
use crate::link::Link;
use crate::report::{Reading, Values};

pub(crate) fn run(options: &ReadOptions) -> Result<(), Problem> {
    let mut link = Link::open(&options.link, options.family)?;
    let target = link.one_target(&options.link)?;
    let result = read(&mut link, target, options.family);
    match (&result, options.link.json) {
        (Ok(values), true) => print_json(&Reading::good(*values)),
        (Ok(values), false) => {
            for (name, value, unit) in values.rows() {
                print(format!("{name:<13}{value:>12} {unit}").trim_end())?;
            }
            Ok(())
        }
        (Err(error), json) => {
            if json {
                let failed = Reading::failed(Some(target.byte()), code(error), explain(error));
                print_json(&failed)?;
            }
            Err(Problem::Refused(explain(error)))
        }
    }
}

fn read(
    link: &mut Link,
    target: Target,
    family: Family,
) -> Result<Values, pzem::Error<crate::port::PortError>> {
    let address = target.byte();
    match family {
        Family::Ac => link
            .run(ReadRegisters::new(target, FullBlock))
            .map(|m| Values::ac(address, &m)),
        Family::Dc => link
            .run(ReadRegisters::new(target, DcBlock))
            .map(|m| Values::dc(address, &m)),
        Family::Legacy => link
            .run(ReadAll::new(LegacyAddress::USUAL))
            .map(|m| Values::legacy(&m)),
    }
}
