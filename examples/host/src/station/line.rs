//! The serial line as the application wants it: bytes that are waited for.

use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::thread;

use embedded_io::ReadReady;
use embedded_io_async::{ErrorType, Read, Write};
use meter_sim::pzem::{AcModule, Line, Uart};
use serialport::{SerialPort, StopBits};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::clock::StationClock;
use super::counter::Counter;
use crate::error::Problem;
use crate::port::{self, Port, PortError};

const GONE: PortError = PortError::Serial(io::ErrorKind::BrokenPipe);

/// Either kind of line.
pub(super) enum StationLine {
    Serial(SerialLine),
    Simulated(SimulatedLine),
}

/// A serial port that a thread listens to. An adapter that was unplugged is looked for each time it is wanted.
pub(super) struct SerialLine {
    path: String,
    open: Option<Open>,
}

struct Open {
    port: Box<dyn SerialPort>,
    heard: UnboundedReceiver<Result<Vec<u8>, PortError>>,
    rest: Vec<u8>,
}

/// Simulated modules that live in the time of the station.
pub(super) struct SimulatedLine {
    line: Line,
    uart: Uart,
    clock: StationClock,
    counters: Vec<Counter>,
}

impl StationLine {
    pub(super) fn open(path: &str) -> Result<Self, Problem> {
        Ok(Self::Serial(SerialLine {
            path: path.to_owned(),
            open: Some(Open::new(path)?),
        }))
    }

    /// Households at these addresses. Their counters go on from what a folder keeps of them, as those of real modules do.
    pub(super) fn simulated(
        addresses: &[u8],
        clock: StationClock,
        folder: Option<&Path>,
    ) -> Result<Self, Problem> {
        let line = Line::new();
        let mut counters = Vec::new();
        for address in addresses {
            let mut counter = Counter::new(*address, folder)?;
            let module = AcModule::new(*address).with_household(u64::from(*address));
            counter.module = Some(line.attach(module.with_energy_wh(counter.energy_wh)));
            counters.push(counter);
        }
        let uart = line.uart();
        Ok(Self::Simulated(SimulatedLine {
            line,
            uart,
            clock,
            counters,
        }))
    }
}

impl Open {
    fn new(path: &str) -> Result<Self, Problem> {
        let Port::Serial(port) = port::open(path, StopBits::One)? else {
            return Err(Problem::Usage(format!("{path}: this is not a serial port")));
        };
        let ears = port
            .try_clone()
            .map_err(|error| Problem::Refused(format!("{path}: can not be shared: {error}")))?;
        let (say, heard) = unbounded_channel();
        thread::spawn(move || listen(ears, &say));
        Ok(Self {
            port,
            heard,
            rest: Vec::new(),
        })
    }

    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, PortError> {
        if self.rest.is_empty() {
            self.rest = self.heard.recv().await.unwrap_or(Err(GONE))?;
        }
        let count = self.rest.len().min(buffer.len());
        for (slot, byte) in buffer.iter_mut().zip(self.rest.drain(..count)) {
            *slot = byte;
        }
        Ok(count)
    }
}

impl SerialLine {
    /// Closes the port after an error.
    fn look<T>(&mut self, result: Result<T, PortError>) -> Result<T, PortError> {
        if result.is_err() {
            self.open = None;
        }
        result
    }

    /// The port, which is opened if it is not.
    fn port(&mut self) -> Result<&mut Open, PortError> {
        if self.open.is_none() {
            self.open = Some(Open::new(&self.path).map_err(|_| GONE)?);
        }
        self.open.as_mut().ok_or(GONE)
    }

    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, PortError> {
        let result = self.port()?.read(buffer).await;
        self.look(result)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<usize, PortError> {
        let result = self.port()?.port.write(bytes).map_err(PortError::from);
        self.look(result)
    }

    fn flush(&mut self) -> Result<(), PortError> {
        let result = self.port()?.port.flush().map_err(PortError::from);
        self.look(result)
    }
}

/// Hears until the port is gone, or nobody wants to know.
fn listen(mut port: Box<dyn SerialPort>, say: &UnboundedSender<Result<Vec<u8>, PortError>>) {
    let mut buffer = [0; 64];
    loop {
        let heard = match port.read(&mut buffer) {
            // The other side is closed.
            Ok(0) => Err(GONE),
            Ok(count) => Ok(buffer.get(..count).unwrap_or_default().to_vec()),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => continue,
            Err(error) => Err(PortError::from(error)),
        };
        let is_over = heard.is_err();
        if say.send(heard).is_err() || is_over {
            return;
        }
    }
}

impl SimulatedLine {
    fn catch_up(&mut self) -> Result<(), PortError> {
        self.line.advance_to_us(self.clock.now_us());
        // Kept before anybody hears of it.
        let mut counters = self.counters.iter_mut();
        counters.try_for_each(|counter| counter.keep(&self.line).map_err(PortError::from))
    }
}

impl ErrorType for StationLine {
    type Error = PortError;
}

impl Read for StationLine {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, PortError> {
        match self {
            Self::Serial(serial) => serial.read(buffer).await,
            Self::Simulated(simulated) => loop {
                simulated.catch_up()?;
                if simulated.uart.read_ready()? {
                    return Ok(embedded_io::Read::read(&mut simulated.uart, buffer)?);
                }
                let at_us = simulated.line.under_way_until_us().unwrap_or(u64::MAX);
                simulated.clock.until_us(at_us).await;
            },
        }
    }
}

impl Write for StationLine {
    async fn write(&mut self, buffer: &[u8]) -> Result<usize, PortError> {
        match self {
            // A request is shorter than any buffer of a port.
            Self::Serial(serial) => serial.write(buffer),
            Self::Simulated(simulated) => {
                simulated.catch_up()?;
                Ok(embedded_io::Write::write(&mut simulated.uart, buffer)?)
            }
        }
    }

    async fn flush(&mut self) -> Result<(), PortError> {
        match self {
            Self::Serial(serial) => serial.flush(),
            Self::Simulated(simulated) => {
                simulated.catch_up()?;
                let done_us = simulated.line.under_way_until_us().unwrap_or_default();
                simulated.clock.until_us(done_us).await;
                simulated.catch_up()?;
                Ok(())
            }
        }
    }
}
