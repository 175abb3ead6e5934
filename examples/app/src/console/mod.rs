//! Setting a device up over a serial line: what a person types at a terminal, and what is answered.

mod calibrate;
mod command;
mod line;
mod report;
mod terminal;

use core::fmt::Write as _;

use embedded_io_async::{Read, Write};

use crate::blobs::Blobs;
use crate::live::Live;
use crate::platform::Clock;
use crate::settings::Settings;
use crate::settings::authority::{MAX_AUTHORITY, Pem, PemError};
use crate::settings::keep::{adopt, factory_reset};
use crate::settings::{Setting, authority};

use command::{Command, unquoted};
use line::LONGEST;
use terminal::{Entered, Terminal, say};

/// Room that [`console`] needs.
pub const BUFFER: usize = MAX_AUTHORITY;

/// Answers whoever types at a serial line. `buffer` has at least [`BUFFER`] bytes.
pub async fn console<S: Read + Write, C: Clock>(
    serial: S,
    clock: C,
    blobs: &mut impl Blobs,
    live: &Live,
    buffer: &mut [u8],
) -> ! {
    let mut console = Console {
        terminal: Terminal::new(serial, clock, &live.panel.console_until_s),
        blobs,
        live,
        draft: live.settings.borrow().clone(),
        buffer,
    };
    say!(console.terminal, "Meter. `help` lists what can be done.");
    loop {
        if console.terminal.ask("> ").await == Entered::Line {
            console.command().await;
        }
        console.terminal.forget();
    }
}

struct Console<'a, S, C, B> {
    terminal: Terminal<'a, S, C>,
    blobs: &'a mut B,
    live: &'a Live,
    /// Settings as they are typed, not yet saved.
    draft: Settings,
    buffer: &'a mut [u8],
}

impl<S: Read + Write, C: Clock, B: Blobs> Console<'_, S, C, B> {
    async fn command(&mut self) {
        match Command::parse(self.terminal.line()) {
            Command::Nothing => {}
            Command::Help => self.help().await,
            Command::HelpWith(setting) => {
                say!(self.terminal, "{}: {}", setting.as_str(), setting.what());
                say!(self.terminal, "takes {}", setting.allowed());
            }
            Command::ShowAll => self.show_all().await,
            Command::Show(setting) => self.show(setting).await,
            Command::Set => self.set().await,
            Command::Save(replace) => self.save(replace).await,
            Command::Revert => {
                self.draft.clone_from(&self.live.settings.borrow());
                say!(self.terminal, "settings are what they were");
            }
            Command::Status => self.status().await,
            Command::Events => self.events().await,
            Command::Calibrate => self.calibrate().await,
            Command::Ca => self.paste().await,
            Command::CaShow => self.show_ca().await,
            Command::CaForget => match authority::forget(self.blobs).await {
                Ok(()) => say!(
                    self.terminal,
                    "forgotten, from the next `restart` on: no server with TLS is trusted then"
                ),
                Err(error) => say!(self.terminal, "{error}"),
            },
            Command::Update => {
                self.live.firmware.look.signal(());
                say!(
                    self.terminal,
                    "looking for newer firmware: `status` shows what comes of it"
                );
            }
            Command::Restart => self.restart().await,
            Command::FactoryReset => self.factory_reset().await,
            Command::Wrong(hint) => say!(self.terminal, "{hint}"),
        }
    }

    async fn help(&mut self) {
        for (command, what) in command::LIST {
            say!(self.terminal, "{command:<24} {what}");
        }
    }

    async fn show(&mut self, setting: Setting) {
        let is_changed = !self.draft.is_same(setting, &self.live.settings.borrow());
        let mark = if is_changed { '*' } else { ' ' };
        let mut value = heapless::String::<LONGEST>::new();
        // No value is longer than a line that sets it.
        let _ = write!(value, "{}", self.draft.get(setting));
        // Spaces at the ends are seen between quotes.
        let quote = if value.trim().len() < value.len() {
            "\""
        } else {
            ""
        };
        say!(
            self.terminal,
            "{mark}{:<20} {quote}{value}{quote}",
            setting.as_str()
        );
    }

    async fn show_all(&mut self) {
        for setting in Setting::all() {
            self.show(setting).await;
        }
        if self.has_changes() {
            say!(
                self.terminal,
                "* is not saved: `save` keeps it, `revert` drops it"
            );
        }
    }

    fn has_changes(&self) -> bool {
        self.draft != *self.live.settings.borrow()
    }

    async fn set(&mut self) {
        let (name, value) = command::assignment(self.terminal.line());
        match self.draft.set(name, unquoted(value)) {
            Ok(()) => {
                if let Some(setting) = Setting::find(name) {
                    self.show(setting).await;
                }
            }
            Err(error) => match command::nearest(name) {
                Some(setting) if Setting::find(name).is_none() => {
                    say!(
                        self.terminal,
                        "there is no setting of that name; {} perhaps?",
                        setting.as_str()
                    );
                }
                _ => say!(self.terminal, "{error}"),
            },
        }
    }

    async fn save(&mut self, replace: bool) {
        let was = self.live.settings.borrow().clone();
        match adopt(self.blobs, self.live, &self.draft, replace, self.buffer).await {
            Ok(()) => {
                say!(self.terminal, "saved");
                let at_start = |setting: &Setting| {
                    setting.needs_restart() && !was.is_same(*setting, &self.draft)
                };
                if let Some(setting) = Setting::all().find(at_start) {
                    say!(
                        self.terminal,
                        "{} takes a `restart` to be in force",
                        setting.as_str()
                    );
                }
                self.warn_of_missing_ca().await;
            }
            Err(error) => say!(self.terminal, "not saved: {error}"),
        }
    }

    /// TLS without anybody who is trusted never connects.
    async fn warn_of_missing_ca(&mut self) {
        let has_tls = [&self.draft.http_base, &self.draft.mqtt_broker]
            .iter()
            .any(|url| crate::settings::url::Url::parse(url).is_ok_and(|url| url.scheme.is_tls()));
        if has_tls && authority::load(self.blobs, self.buffer).await == Ok(None) {
            say!(
                self.terminal,
                "no CA is stored, so that no server with TLS is trusted: paste one with `ca`"
            );
        }
    }

    async fn paste(&mut self) {
        say!(
            self.terminal,
            "paste the certificate of the CA, then a line with a single point; Ctrl-C leaves"
        );
        let mut pem = Pem::new(self.buffer);
        let outcome = loop {
            match self.terminal.ask("").await {
                Entered::Abandoned => return,
                Entered::Refused => break Err(PemError::Base64),
                Entered::Line if self.terminal.line().trim() == "." => break Ok(()),
                Entered::Line => {
                    if let Err(error) = pem.line(self.terminal.line()) {
                        break Err(error);
                    }
                }
            }
        };
        let count = pem.count();
        match outcome.and_then(|()| pem.finish()) {
            Ok(bytes) => match authority::store(self.blobs, bytes).await {
                Ok(()) => say!(self.terminal, "{count} stored: in force after `restart`"),
                Err(error) => say!(self.terminal, "not stored: {error}"),
            },
            Err(error) => say!(self.terminal, "not stored: {error}"),
        }
    }

    async fn show_ca(&mut self) {
        match authority::load(self.blobs, self.buffer).await {
            Ok(None) => say!(self.terminal, "no CA is stored: `ca` takes one"),
            Ok(Some(pem)) => {
                let text = pem.to_str().unwrap_or_default();
                let count = text.matches("-----BEGIN").count();
                say!(
                    self.terminal,
                    "certificates stored: {count}, {} bytes",
                    text.len()
                );
            }
            Err(error) => say!(self.terminal, "{error}"),
        }
    }

    async fn restart(&mut self) {
        if self.has_changes() {
            say!(
                self.terminal,
                "changed settings are not saved: `save` or `revert` first"
            );
            return;
        }
        say!(self.terminal, "restarting");
        self.live.restart.signal(());
    }

    async fn factory_reset(&mut self) {
        say!(
            self.terminal,
            "This forgets all settings, passwords and certificates. Energy registers and records stay."
        );
        let entered = self
            .terminal
            .ask("Type `forget everything` to go on: ")
            .await;
        if entered != Entered::Line || self.terminal.line().trim() != "forget everything" {
            say!(self.terminal, "nothing was done");
            return;
        }
        match factory_reset(self.blobs, self.live).await {
            Ok(()) => say!(self.terminal, "forgotten: restarting"),
            Err(error) => say!(self.terminal, "{error}"),
        }
    }
}
