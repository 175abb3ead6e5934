//! The broker mosquitto, on a port of its own.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A broker that can be stopped, killed and started again with what it kept.
pub(crate) struct Broker {
    program: PathBuf,
    folder: TempDir,
    pub(crate) port: u16,
    child: Option<Child>,
}

/// Where mosquitto is: in PATH, or where Debian puts it.
fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin")])
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

impl Broker {
    /// Starts one with more lines in its configuration, if mosquitto is there. Else says that the test is left out,
    /// past what catches the output of tests.
    pub(crate) fn start(test: &str, config: &str) -> Option<Self> {
        let Some(program) = find("mosquitto") else {
            let line = format!(
                "\n{test}: LEFT OUT, there is no mosquitto in PATH or /usr/sbin (Debian package mosquitto)\n"
            );
            std::io::stderr().write_all(line.as_bytes()).unwrap();
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let place = folder.path().display();
        let mut text = format!(
            "listener {port} 127.0.0.1\nuser root\nlog_dest file {place}/log\nmax_queued_messages 0\n"
        );
        if !config.contains("persistence") {
            write!(
                text,
                "persistence true\npersistence_location {place}/\nautosave_on_changes true\nautosave_interval 1\n"
            )
            .unwrap();
        }
        if !config.contains("allow_anonymous") {
            text.push_str("allow_anonymous true\n");
        }
        write!(text, "{}", config.replace("{folder}", &place.to_string())).unwrap();
        fs::write(folder.path().join("conf"), text).unwrap();
        let mut broker = Self {
            program,
            folder,
            port,
            child: None,
        };
        broker.again();
        Some(broker)
    }

    /// A file beside the configuration, before the broker is started again.
    pub(crate) fn file(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// More lines in its configuration.
    pub(crate) fn add(&self, config: &str) {
        let mut text = fs::read_to_string(self.path("conf")).unwrap();
        text.push_str(&config.replace("{folder}", &self.folder.path().display().to_string()));
        self.file("conf", &text);
    }

    /// Another listener with these lines of its own from the next start on, and its port.
    pub(crate) fn listen(&self, config: &str) -> u16 {
        let port = free_port();
        self.add(&format!("listener {port} 127.0.0.1\n{config}"));
        port
    }

    /// Starts it again.
    pub(crate) fn again(&mut self) {
        let child = Command::new(&self.program)
            .arg("-c")
            .arg(self.folder.path().join("conf"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        self.child = Some(child);
        let begin = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            if begin.elapsed() > Duration::from_secs(10) {
                let log = fs::read_to_string(self.folder.path().join("log"));
                panic!("mosquitto does not start: {log:?}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Kills it without warning.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Asks it to stop, so that it writes down what it holds.
    pub(crate) fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let asked = Command::new("kill").arg(child.id().to_string()).status();
            assert!(asked.unwrap().success());
            child.wait().unwrap();
        }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.kill();
    }
}
