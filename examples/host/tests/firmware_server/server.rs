//! A server of files that behaves in one way or another.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

/// How a server behaves.
#[derive(Clone)]
pub(crate) enum Manner {
    /// It sends what is asked for.
    Good,
    /// It hangs up after so many bytes, the first three times, and sends parts.
    HangsUp(usize),
    /// It answers this.
    Says(&'static str),
}

pub(crate) struct Server {
    pub(crate) port: u16,
    pub(crate) requests: Arc<AtomicUsize>,
}

impl Server {
    /// Serves a file until the test ends.
    pub(crate) fn start(file: Vec<u8>, manner: Manner, tls: Option<ServerConfig>) -> Self {
        let requests = Arc::new(AtomicUsize::new(0));
        let (sender, receiver) = std::sync::mpsc::channel();
        let counter = requests.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
                sender
                    .send(listener.local_addr().expect("an address").port())
                    .expect("sent");
                let tls = tls.map(|config| TlsAcceptor::from(Arc::new(config)));
                loop {
                    let (stream, _) = listener.accept().await.expect("a client");
                    match &tls {
                        // A client that does not trust hangs up.
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, &file, &manner, &counter).await;
                            }
                        }
                        None => serve(stream, &file, &manner, &counter).await,
                    }
                }
            });
        });
        let port = receiver.recv().expect("the server starts");
        Self { port, requests }
    }

    pub(crate) fn url(&self, scheme: &str) -> String {
        format!("{scheme}://localhost:{}/app.img", self.port)
    }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    file: &[u8],
    manner: &Manner,
    counter: &AtomicUsize,
) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read_exact(&mut byte).await.is_err() {
            return;
        }
        request.extend(byte);
    }
    let count = counter.fetch_add(1, Ordering::Relaxed);
    let request = String::from_utf8(request).expect("text");
    let range = request
        .lines()
        .find_map(|line| line.strip_prefix("Range: bytes="));
    let from: usize = range.map_or(0, |range| {
        range.trim_end_matches('-').parse().expect("a number")
    });
    let (all, last) = (file.len(), file.len() - 1);
    let head = match manner {
        Manner::Says(reply) => (*reply).to_owned(),
        _ if from == 0 => format!("HTTP/1.1 200 OK\r\nContent-Length: {all}\r\n\r\n"),
        _ => format!(
            "HTTP/1.1 206 Partial Content\r\nContent-Length: {}\r\nContent-Range: bytes {from}-{last}/{all}\r\n\r\n",
            all - from
        ),
    };
    let mut reply = head.into_bytes();
    match manner {
        Manner::Says(_) => {}
        Manner::HangsUp(bytes) if count < 3 => {
            reply.extend_from_slice(&file[from..]);
            reply.truncate(*bytes);
        }
        _ => reply.extend_from_slice(&file[from..]),
    }
    let _ = stream.write_all(&reply).await;
    let _ = stream.shutdown().await;
}
