//! `meter firmware verify`: what a meter would say to an image, in a file or on a server.

use std::fs;
use std::path::Path;

use serde::Serialize;
use smart_meter::ota::{
    Chip, Header, Install, Policy, Refusal, UpdateError, Verifier, Version, fetch,
};
use smart_meter::platform::Network;
use smart_meter::settings::url::Url;

use super::cli::VerifyOptions;
use super::keys;
use super::memory::MemorySlot;
use crate::commands::{print, print_json};
use crate::error::Problem;
use crate::network::{self, Authority, PcClock, Sockets};

/// Where the number of the chip stands.
const CHIP: usize = 9;
/// Room a meter has for the head of a server's reply.
const BUFFER: usize = 2_048;

#[derive(Serialize)]
struct Verified {
    ok: bool,
    version: String,
    chip: &'static str,
    replaces_any: bool,
    body_bytes: u32,
    key: String,
}

pub(crate) fn run(options: &VerifyOptions) -> Result<(), Problem> {
    let trusted = [keys::public(&options.key)?.to_bytes()];
    let (name, is_address) = (&options.image, options.image.contains("://"));
    let header = match (is_address, options.chip) {
        (true, None) => {
            return Err(Problem::Usage(
                "an image on a server needs --chip: which meter is to load it?".to_owned(),
            ));
        }
        (true, Some(chip)) => load(options, &policy(&trusted, chip))?,
        (false, _) => read(Path::new(name), &trusted)?,
    };
    let chip = Chip::ALL
        .into_iter()
        .find(|chip| *chip as u8 == header.chip);
    let chip = chip.unwrap_or(Chip::Host);
    if let Some(wanted) = options.chip.filter(|wanted| *wanted != chip) {
        return Err(Problem::Refused(format!(
            "{name}: {}",
            Refusal::Chip(header.chip, wanted)
        )));
    }
    if options.json {
        return print_json(&Verified {
            ok: true,
            version: header.version.to_string(),
            chip: chip.name(),
            replaces_any: header.replaces_any,
            body_bytes: header.length,
            key: header.key.to_string(),
        });
    }
    let over = if header.replaces_any {
        ", over any version"
    } else {
        ""
    };
    print(&format!(
        "{name}: version {} for {chip}{over}, {} bytes, whole and signed with key {}",
        header.version, header.length, header.key
    ))
}

/// What a meter with a version before all others goes by.
const fn policy(keys: &[[u8; 32]], chip: Chip) -> Policy<'_> {
    Policy {
        keys,
        chip,
        running: Version::new(0, 0, 0),
        failed: None,
        room: u32::MAX,
    }
}

fn read(path: &Path, trusted: &[[u8; 32]]) -> Result<Header, Problem> {
    let name = path.display();
    let file = fs::read(path).map_err(|error| Problem::Refused(format!("{name}: {error}")))?;
    let refused = |refusal: Refusal| Problem::Refused(format!("{name}: {refusal}"));
    // A meter of the chip it is for.
    let number = file.get(CHIP).copied();
    let chip = Chip::ALL
        .into_iter()
        .find(|chip| Some(*chip as u8) == number);
    let mut verifier = Verifier::new(policy(trusted, chip.unwrap_or(Chip::Host)));
    verifier.push(&file).map_err(refused)?;
    verifier.finish().map_err(refused)
}

/// Loads it with the program a meter does it with, so that a server that would not do is found out here.
fn load(options: &VerifyOptions, policy: &Policy<'_>) -> Result<Header, Problem> {
    let authority = Authority::of(options.ca.as_deref())?;
    let runtime = network::runtime()?;
    let mut slot = MemorySlot::new();
    let mut install = Install::new(&mut slot, *policy);
    let loading = async {
        let (mut sockets, mut buffer) = (Sockets::new(authority), [0; BUFFER]);
        let clock = PcClock::start();
        // A meter tries again and again; whoever waits here is told at once.
        let url = Url::parse(&options.image).map_err(|_| UpdateError::Address)?;
        drop(sockets.connect(&url.endpoint()).await?);
        fetch(
            &mut sockets,
            &clock,
            &options.image,
            true,
            &mut install,
            &mut buffer,
            |_| {},
        )
        .await?;
        install.finish().await
    };
    runtime
        .block_on(loading)
        .map_err(|error| Problem::Refused(format!("{}: {error}", options.image)))
}
