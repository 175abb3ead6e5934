//! The station as a process.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meter"));
    command.arg("station").args(arguments);
    command
}

/// Runs it to its end.
pub(crate) fn station(arguments: &[&str]) -> Output {
    command(arguments).output().expect("the program runs")
}

/// Its exit code, and what it says of itself.
pub(crate) fn outcome(arguments: &[&str]) -> (Option<i32>, String) {
    let out = station(arguments);
    (
        out.status.code(),
        String::from_utf8_lossy(&out.stderr).into_owned(),
    )
}

/// What comes out of a process, as it comes.
struct Heard {
    text: Arc<Mutex<String>>,
    ear: Option<JoinHandle<()>>,
}

impl Heard {
    fn of(out: impl Read + Send + 'static) -> Self {
        let text = Arc::<Mutex<String>>::default();
        let heard = text.clone();
        let ear = thread::spawn(move || {
            let mut lines = BufReader::new(out);
            let mut line = String::new();
            while lines.read_line(&mut line).is_ok_and(|count| count > 0) {
                heard.lock().unwrap().push_str(&line);
                line.clear();
            }
        });
        Self {
            text,
            ear: Some(ear),
        }
    }

    fn text(&self) -> String {
        self.text.lock().unwrap().clone()
    }

    /// Waits for a line with that in it.
    fn until(&self, what: &str) -> String {
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            let text = self.text();
            if let Some(line) = text.lines().find(|line| line.contains(what)) {
                return line.to_owned();
            }
            assert!(Instant::now() < until, "no \"{what}\" in: {text}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn whole(&mut self) -> String {
        if let Some(ear) = self.ear.take() {
            ear.join().unwrap();
        }
        self.text()
    }
}

/// A station that runs.
pub(crate) struct Running {
    child: Child,
    out: Heard,
    err: Heard,
}

impl Running {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut command = command(arguments);
        let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().expect("the program runs");
        let out = Heard::of(child.stdout.take().unwrap());
        let err = Heard::of(child.stderr.take().unwrap());
        Self { child, out, err }
    }

    /// Waits for a line on standard error.
    pub(crate) fn says(&mut self, what: &str) -> String {
        self.err.until(what)
    }

    /// Waits for a line on standard output.
    pub(crate) fn shows(&mut self, what: &str) -> String {
        self.out.until(what)
    }

    /// Sends it a signal, such as `-TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let number = self.child.id().to_string();
        let sent = Command::new("kill").args([name, &number]).status();
        assert!(sent.expect("kill").success());
    }

    /// Waits for its end: how it ended, and all that came out of it.
    pub(crate) fn wait(mut self) -> (ExitStatus, String, String) {
        self.wait_whole()
    }

    /// Pulls the plug.
    pub(crate) fn kill(mut self) -> (String, String) {
        self.child.kill().unwrap();
        let (_, shown, said) = self.wait_whole();
        (shown, said)
    }

    fn wait_whole(&mut self) -> (ExitStatus, String, String) {
        let status = self.child.wait().unwrap();
        (status, self.out.whole(), self.err.whole())
    }

    /// Asks it to end, which it does.
    pub(crate) fn end(self) {
        self.signal("-TERM");
        let (status, _, said) = self.wait();
        assert!(status.success(), "{said}");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A folder of its own that is not there yet, gone at the end.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let process = std::process::id();
        let name = format!("meter-station-{process}-{number}-{name}");
        let folder = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&folder);
        Self(folder)
    }

    pub(crate) fn path(&self) -> &str {
        self.0.to_str().expect("a name in UTF-8")
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a file in it, and gives its path.
    pub(crate) fn file(&self, name: &str, content: &str) -> String {
        std::fs::create_dir_all(&self.0).expect("a folder");
        let path = self.0.join(name);
        std::fs::write(&path, content).expect("written");
        path.to_str().expect("a name in UTF-8").to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
