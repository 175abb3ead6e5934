//! A terminal of its own for a program.

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

pub(crate) struct Terminal {
    master: File,
    other_side: OwnedFd,
    /// Everything that was written to it.
    pub(crate) written: String,
    screen: vt100::Parser,
}

impl Terminal {
    pub(crate) fn new(columns: u16, rows: u16) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)
            .expect("a terminal");
        grantpt(&master).expect("granted");
        unlockpt(&master).expect("unlocked");
        let path = ptsname(&master, Vec::new()).expect("a name");
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let other_side =
            rustix::fs::open(path.as_c_str(), flags, Mode::empty()).expect("a terminal");
        let size = Winsize {
            ws_row: rows,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&other_side, size).expect("a size");
        rustix::fs::fcntl_setfl(&master, OFlags::RDWR | OFlags::NONBLOCK).expect("set");
        Self {
            master: File::from(master),
            other_side,
            written: String::new(),
            screen: vt100::Parser::new(
                rows.try_into().expect("rows"),
                columns.try_into().expect("columns"),
                0,
            ),
        }
    }

    /// The terminal as an input or output of a program.
    pub(crate) fn stdio(&self) -> Stdio {
        Stdio::from(self.other_side.try_clone().expect("another one"))
    }

    /// Runs a program in it.
    pub(crate) fn spawn(&self, command: &mut Command) -> Child {
        command
            .env("TERM", "xterm-256color")
            .stdin(self.stdio())
            .stdout(self.stdio())
            .stderr(self.stdio())
            .spawn()
            .expect("it runs")
    }

    /// Reads until something is shown; whether it was within the time.
    pub(crate) fn shows(&mut self, what: &str, within: Duration) -> bool {
        let until = Instant::now() + within;
        while Instant::now() < until {
            self.read();
            if self.screen().contains(what) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        false
    }

    /// What a person sees now.
    pub(crate) fn screen(&self) -> String {
        self.screen.screen().contents()
    }

    /// Reads what there is.
    pub(crate) fn read(&mut self) {
        let mut buffer = [0; 4_096];
        while let Ok(count @ 1..) = self.master.read(&mut buffer) {
            self.written += &String::from_utf8_lossy(&buffer[..count]);
            self.screen.process(&buffer[..count]);
        }
    }
}
