//! `meter firmware keygen`: a key pair.

use ed25519_dalek::SigningKey;
use smart_meter::ota::image::KeyId;

use super::cli::KeygenOptions;
use super::keys;
use crate::commands::print;
use crate::error::Problem;

pub(crate) fn run(options: &KeygenOptions) -> Result<(), Problem> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| {
        Problem::Refused(format!("the system gives no random numbers: {error}"))
    })?;
    let key = SigningKey::from_bytes(&seed);
    let mut public_path = options.output.clone().into_os_string();
    public_path.push(".pub");
    keys::store(&options.output, public_path.as_ref(), &key)?;
    let public = key.verifying_key().to_bytes();
    let digits: String = public.iter().map(|byte| format!("{byte:02x}")).collect();
    print(&format!(
        "secret key   {} (keep it off the meters, and a copy of it safe)\n\
         public key   {}\n\
         for firmware {digits}\n\
         name         {}",
        options.output.display(),
        public_path.display(),
        KeyId::of(&public),
    ))
}
