//! Encoding a request, decoding a reply and a whole poll, beside the crates `pzem004t` and `rmodbus`
//! on the same bytes. The port is memory, so that only the drivers' own work is timed.
//!
//! `pzem004t` decodes into floats and checks address, function and CRC; `rmodbus` is a general Modbus
//! codec that yields registers; `pzem` yields integers and also checks length and plausibility.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use pzem::operation::{FullBlock, RegisterBlock};
use pzem::request::Request;
use pzem::transaction::{Step, Transaction};
use pzem::{Config, Target};
use rmodbus::ModbusProto;
use rmodbus::client::ModbusRequest;

/// Captured from a PZEM-004T at the general address: 224.4 V, 0.023 A, 3.1 W.
const REPLY: [u8; 25] = [
    0xF8, 0x04, 0x14, 0x08, 0xC4, 0x00, 0x17, 0x00, 0x00, 0x00, 0x1F, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x01, 0xF4, 0x00, 0x3C, 0x00, 0x00, 0xFD, 0xF0,
];

/// A port that answers every request with [`REPLY`] at once.
struct Memory {
    sent: usize,
    taken: usize,
    /// Unknown to the compiler, which would work out the result beforehand otherwise.
    reply: [u8; 25],
}

impl Memory {
    fn put(&mut self, byte: u8) {
        black_box(byte);
        self.sent += 1;
        if self.sent == 8 {
            self.sent = 0;
            self.taken = 0;
        }
    }

    fn idle() -> Self {
        Self {
            sent: 0,
            taken: REPLY.len(),
            reply: black_box(REPLY),
        }
    }
}

impl embedded_io::ErrorType for Memory {
    type Error = core::convert::Infallible;
}

impl embedded_io::ReadReady for Memory {
    fn read_ready(&mut self) -> Result<bool, Self::Error> {
        Ok(self.taken < REPLY.len())
    }
}

impl embedded_io::Read for Memory {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Self::Error> {
        let rest = &black_box(&self.reply)[self.taken..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.taken += count;
        Ok(count)
    }
}

impl embedded_io::Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Self::Error> {
        bytes.iter().for_each(|byte| self.put(*byte));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}

impl embedded_hal_02::serial::Read<u8> for Memory {
    type Error = core::convert::Infallible;

    fn read(&mut self) -> nb::Result<u8, Self::Error> {
        let byte = *black_box(&self.reply)
            .get(self.taken)
            .ok_or(nb::Error::WouldBlock)?;
        self.taken += 1;
        Ok(byte)
    }
}

impl embedded_hal_02::serial::Write<u8> for Memory {
    type Error = core::convert::Infallible;

    fn write(&mut self, byte: u8) -> nb::Result<(), Self::Error> {
        self.put(byte);
        Ok(())
    }

    fn flush(&mut self) -> nb::Result<(), Self::Error> {
        Ok(())
    }
}

/// A delay that takes no time.
struct NoTime;

impl embedded_hal::delay::DelayNs for NoTime {
    fn delay_ns(&mut self, ns: u32) {
        black_box(ns);
    }

    fn delay_us(&mut self, us: u32) {
        black_box(us);
    }
}

fn encode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("encode");
    group.bench_function("pzem", |b| {
        b.iter(|| Request::read_input(black_box(Target::General), 0, 10));
    });
    group.bench_function("rmodbus", |b| {
        b.iter(|| {
            let mut request = ModbusRequest::new(black_box(0xF8), ModbusProto::Rtu);
            let mut bytes = Vec::with_capacity(8);
            request
                .generate_get_inputs(0, 10, &mut bytes)
                .expect("a request");
            bytes
        });
    });
    group.finish();
}

fn decode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decode");
    let config = Config::new();
    let request = Request::read_input(Target::General, 0, 10);
    let mut transaction = Transaction::new();
    group.bench_function("pzem", |b| {
        b.iter(|| {
            transaction.start(request, &config, 0);
            transaction.sent(0);
            let mut rest = black_box(&REPLY[..]);
            while transaction.step(0) != Step::Done {
                let buffer = transaction.buffer();
                let (now, later) = rest.split_at(buffer.len());
                buffer.copy_from_slice(now);
                rest = later;
                transaction.received(now.len(), 0);
            }
            let reply = transaction.finish().result.expect("a reply");
            FullBlock
                .interpret(reply.registers(), &config)
                .expect("a measurement")
        });
    });
    let mut general = ModbusRequest::new(0xF8, ModbusProto::Rtu);
    let mut bytes = Vec::new();
    general
        .generate_get_inputs(0, 10, &mut bytes)
        .expect("a request");
    group.bench_function("rmodbus", |b| {
        b.iter(|| {
            let mut registers = Vec::with_capacity(10);
            general
                .parse_u16(black_box(&REPLY), &mut registers)
                .expect("registers");
            registers
        });
    });
    group.finish();
}

fn poll(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("poll");
    let mut ours = pzem::blocking::Pzem::new(Memory::idle(), NoTime);
    group.bench_function("pzem", |b| {
        b.iter(|| {
            ours.read(black_box(Target::General))
                .expect("a measurement")
        });
    });
    let mut theirs = pzem004t::Pzem::new(Memory::idle(), None).expect("a driver");
    group.bench_function("pzem004t 0.1.7", |b| {
        b.iter(|| {
            let mut measurement = pzem004t::Measurement::default();
            // Without a timeout: there is nothing to wait for, and no timer to be read.
            theirs
                .read::<pzem004t::NoTimeout>(&mut measurement, None)
                .expect("a measurement");
            measurement
        });
    });
    group.bench_function("rmodbus, by hand", |b| {
        let mut port = Memory::idle();
        b.iter(|| {
            use embedded_io::{Read, Write};
            let mut request = ModbusRequest::new(black_box(0xF8), ModbusProto::Rtu);
            let mut bytes = Vec::with_capacity(8);
            request
                .generate_get_inputs(0, 10, &mut bytes)
                .expect("a request");
            port.write_all(&bytes).expect("sent");
            let mut reply = [0; 25];
            port.read_exact(&mut reply).expect("received");
            let mut registers = Vec::with_capacity(10);
            request
                .parse_u16(&reply, &mut registers)
                .expect("registers");
            registers
        });
    });
    group.finish();
}

criterion_group!(benches, encode, decode, poll);
criterion_main!(benches);
