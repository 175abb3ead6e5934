//! Certificates and a server, made by the command of OpenSSL.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// Kind of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    Curve,
    Curve384,
    Rsa,
}

impl Key {
    const fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Curve => &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
            Self::Curve384 => &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp384r1"],
            Self::Rsa => &["-newkey", "rsa:2048"],
        }
    }
}

fn openssl(arguments: &[&str]) {
    let output = Command::new("openssl")
        .args(arguments)
        .output()
        .expect("openssl is installed");
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A certificate and its key.
pub(crate) struct Pair {
    folder: PathBuf,
}

impl Pair {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "smart-meter-tls-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).expect("a folder for certificates");
        Self { folder }
    }

    fn path(&self, name: &str) -> String {
        self.folder
            .join(name)
            .to_str()
            .expect("a path that is text")
            .to_owned()
    }

    /// A key, and a request for its certificate.
    fn request(subject: &str, key: Key) -> Self {
        let pair = Self::new();
        let (key_path, request, subject) = (
            pair.path("key"),
            pair.path("request"),
            format!("/CN={subject}"),
        );
        let mut arguments = vec![
            "req", "-nodes", "-keyout", &key_path, "-out", &request, "-subj", &subject,
        ];
        arguments.extend_from_slice(key.arguments());
        openssl(&arguments);
        pair
    }

    pub(crate) fn pem_path(&self) -> PathBuf {
        self.folder.join("pem")
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Somebody who signs certificates, whether they may or not.
pub(crate) struct Ca(Pair);

const MAY_SIGN: &str = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n";
const MAY_NOT_SIGN: &str = "basicConstraints=critical,CA:FALSE\n";

impl Ca {
    pub(crate) fn new(name: &str, key: Key) -> Self {
        let pair = Pair::new();
        let (key_path, pem, subject) = (pair.path("key"), pair.path("pem"), format!("/CN={name}"));
        let mut arguments = vec![
            "req",
            "-x509",
            "-nodes",
            "-days",
            "3650",
            "-keyout",
            &key_path,
            "-out",
            &pem,
            "-subj",
            &subject,
            "-addext",
            "keyUsage=critical,keyCertSign,cRLSign",
        ];
        arguments.extend_from_slice(key.arguments());
        openssl(&arguments);
        Self(pair)
    }

    fn sign(&self, request: Pair, extensions: &str, days: &str) -> Pair {
        let (pem, key) = (self.0.path("pem"), self.0.path("key"));
        let (input, output, file) = (
            request.path("request"),
            request.path("pem"),
            request.path("extensions"),
        );
        std::fs::write(&file, extensions).expect("a file of extensions");
        openssl(&[
            "x509",
            "-req",
            "-in",
            &input,
            "-out",
            &output,
            "-CA",
            &pem,
            "-CAkey",
            &key,
            "-CAcreateserial",
            "-days",
            days,
            "-extfile",
            &file,
        ]);
        request
    }

    /// A server's certificate for 30 days.
    pub(crate) fn leaf(&self, name: &str, names: &str, key: Key) -> Pair {
        let extensions = format!("{MAY_NOT_SIGN}subjectAltName={names}\n");
        self.sign(Pair::request(name, key), &extensions, "30")
    }

    /// One whose days are over.
    pub(crate) fn expired_leaf(&self, name: &str, names: &str) -> Pair {
        let extensions = format!("{MAY_NOT_SIGN}subjectAltName={names}\n");
        self.sign(Pair::request(name, Key::Curve), &extensions, "-1")
    }

    /// Somebody this one signed, who may sign others or not.
    pub(crate) fn intermediate(&self, name: &str, may_sign: bool) -> Self {
        let extensions = if may_sign { MAY_SIGN } else { MAY_NOT_SIGN };
        Self(self.sign(Pair::request(name, Key::Curve), extensions, "365"))
    }

    /// A certificate nobody signed but itself.
    pub(crate) fn self_signed(&self, name: &str) -> Pair {
        let pair = Pair::request(name, Key::Curve);
        let (request, key, pem) = (pair.path("request"), pair.path("key"), pair.path("pem"));
        openssl(&[
            "x509", "-req", "-in", &request, "-signkey", &key, "-out", &pem, "-days", "30",
        ]);
        pair
    }

    pub(crate) fn pem(&self) -> String {
        std::fs::read_to_string(self.0.path("pem")).expect("a certificate")
    }

    pub(crate) fn pem_path(&self) -> PathBuf {
        self.0.pem_path()
    }

    pub(crate) fn der(&self) -> Vec<u8> {
        let (pem, der) = (self.0.path("pem"), self.0.path("der"));
        openssl(&["x509", "-in", &pem, "-outform", "DER", "-out", &der]);
        std::fs::read(Path::new(&der)).expect("a certificate")
    }
}

/// A web server that shows how it was reached.
pub(crate) struct Server {
    process: Child,
    pub(crate) port: u16,
}

impl Server {
    pub(crate) fn start(pair: &Pair, options: &[&str]) -> Self {
        let (pem, key) = (pair.path("pem"), pair.path("key"));
        let mut process = Command::new("openssl")
            .args([
                "s_server",
                "-accept",
                "127.0.0.1:0",
                "-www",
                "-cert",
                &pem,
                "-key",
                &key,
            ])
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("openssl is installed");
        let output = process.stdout.take().expect("a pipe");
        let mut lines = BufReader::new(output).lines();
        let port = loop {
            let line = lines.next().expect("the server starts").expect("text");
            if let Some(address) = line.strip_prefix("ACCEPT ") {
                break address
                    .rsplit(':')
                    .next()
                    .and_then(|port| port.parse().ok())
                    .expect("a port");
            }
        };
        // Whoever closes the pipe ends the server.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, port }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
