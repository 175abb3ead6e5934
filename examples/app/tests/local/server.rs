//! The server in a thread of its own, on a port of this computer, in time that runs ten times as fast.

use std::cell::Cell;
use std::future::poll_fn;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use embassy_futures::join::join3;
use embedded_io_async::{ErrorType, Read, Write};
use smart_meter::live::Live;
use smart_meter::local::{REQUEST, SETUP_REQUEST, Site, serve};
use smart_meter::platform::{Accepted, Clock, ConnectError, Listener};

/// So much faster than a clock.
const SPEED: u32 = 10;

#[derive(Clone)]
struct FastClock {
    start: Instant,
    /// Milliseconds when it was started, and that were left out since.
    more_ms: Arc<AtomicU64>,
}

impl Clock for FastClock {
    fn now_ms(&self) -> u64 {
        let ms = u64::try_from((self.start.elapsed() * SPEED).as_millis()).unwrap();
        self.more_ms.load(Ordering::Relaxed) + ms
    }

    async fn sleep_until(&self, at_ms: u64) {
        poll_fn(|_| {
            if self.now_ms() >= at_ms {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }
}

struct Port(TcpListener);

struct Stream(TcpStream);

fn wait<T>(mut attempt: impl FnMut() -> io::Result<T>) -> impl Future<Output = io::Result<T>> {
    poll_fn(move |_| match attempt() {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Poll::Pending,
        result => Poll::Ready(result),
    })
}

impl Listener for Port {
    type Stream<'a> = Stream;

    async fn accept(&mut self) -> Result<Stream, ConnectError> {
        let (stream, _) = wait(|| self.0.accept())
            .await
            .map_err(|_| ConnectError::Offline)?;
        stream.set_nonblocking(true).unwrap();
        Ok(Stream(stream))
    }
}

impl ErrorType for Stream {
    type Error = embedded_io_async::ErrorKind;
}

impl Read for Stream {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Self::Error> {
        wait(|| self.0.read(buffer))
            .await
            .map_err(|_| embedded_io_async::ErrorKind::Other)
    }
}

impl Write for Stream {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Self::Error> {
        wait(|| self.0.write(bytes))
            .await
            .map_err(|_| embedded_io_async::ErrorKind::Other)
    }

    async fn flush(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}

impl Accepted for Stream {
    async fn finish(&mut self) {
        let _ = self.0.shutdown(Shutdown::Write);
        let mut rest = [0; 64];
        while let Ok(1..) = self.read(&mut rest).await {}
    }
}

type Job = Box<dyn FnOnce(&Live, u64) + Send>;

/// A device, until it is dropped.
pub(crate) struct Device {
    pub(crate) address: SocketAddr,
    jobs: Sender<Job>,
    more_ms: Arc<AtomicU64>,
}

impl Device {
    /// Starts it with what `make` makes.
    pub(crate) fn start(make: impl FnOnce() -> Live + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (jobs, inbox) = channel::<Job>();
        let more_ms = Arc::new(AtomicU64::new(super::device::START_MS));
        let more = more_ms.clone();
        thread::spawn(move || {
            let live = make();
            let clock = FastClock {
                start: Instant::now(),
                more_ms: more,
            };
            let seed = Cell::new(0x1234_5678_u32);
            let random = || {
                seed.set(
                    seed.get()
                        .wrapping_mul(1_664_525)
                        .wrapping_add(1_013_904_223),
                );
                seed.get()
            };
            let site = Site::new(&live, &random);
            let room = match live.access.get() {
                Some(_) => SETUP_REQUEST,
                None => REQUEST,
            };
            let (mut a, mut b) = (vec![0; room], vec![0; room]);
            let other = Port(listener.try_clone().unwrap());
            let work = join3(
                serve(Port(listener), &clock, &site, &mut a),
                serve(other, &clock, &site, &mut b),
                site.watch(&clock),
            );
            let mut work = pin!(work);
            let mut context = Context::from_waker(Waker::noop());
            loop {
                let _ = Pin::as_mut(&mut work).poll(&mut context);
                match inbox.recv_timeout(Duration::from_micros(500)) {
                    Ok(job) => job(&live, clock.now_ms()),
                    Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {}
                    Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => break,
                }
            }
        });
        Self {
            address,
            jobs,
            more_ms,
        }
    }

    /// Does something with the device, and waits until it is done.
    pub(crate) fn with<R: Send + 'static>(
        &self,
        job: impl FnOnce(&Live, u64) -> R + Send + 'static,
    ) -> R {
        let (done, result) = channel();
        self.jobs
            .send(Box::new(move |live, now_ms| {
                done.send(job(live, now_ms)).unwrap()
            }))
            .unwrap();
        result.recv().unwrap()
    }

    /// Leaves a time out.
    pub(crate) fn skip(&self, ms: u64) {
        self.more_ms.fetch_add(ms, Ordering::Relaxed);
    }

    /// Sends bytes as they are, and reads until the end.
    pub(crate) fn raw(&self, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        // The answer may come, and the connection go, before all is sent.
        let _ = stream.write_all(request);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8(answer).unwrap()
    }

    /// Asks with a client that knows HTTP; status, headers, body.
    pub(crate) fn get(&self, path: &str) -> Reply {
        let agent = agent();
        Reply::of(
            agent
                .get(format!("http://{}{path}", self.address))
                .call()
                .unwrap(),
        )
    }

    pub(crate) fn post(&self, path: &str, host: &str, body: &str) -> Reply {
        let agent = agent();
        let request = agent
            .post(format!("http://{}{path}", self.address))
            .header("Host", host)
            .content_type("application/x-www-form-urlencoded");
        Reply::of(request.send(body).unwrap())
    }
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(10)))
        .build()
        .into()
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Reply {
    fn of(mut response: ureq::http::Response<ureq::Body>) -> Self {
        let headers = response.headers().iter();
        Self {
            status: response.status().as_u16(),
            headers: headers
                .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
                .collect(),
            body: response.body_mut().read_to_string().unwrap(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| &**value)
    }
}
