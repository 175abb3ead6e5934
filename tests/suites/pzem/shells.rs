//! The three shells give the same results, in the same order, on the same line.

use metering_tests::script::{PortError, Script, hex, with_crc};
use pzem::operation::{
    FullBlock, Operation, ReadAddress, ReadRegisters, ResetEnergy, WriteSetting,
};
use pzem::{
    Address, Config, Error, Family, Measurement, Stats, Target, asynch, blocking, nonblocking,
};

const REPLY: &str = "01 04 14 09 59 02 04 00 00 03 85 00 00 12 29 00 00 01 F3 00 49 00 00 D3 EA";

/// What a run came to, with the counters.
#[derive(Debug, PartialEq)]
struct Log {
    reads: Vec<Result<Measurement, Error<PortError>>>,
    address: Result<Address, Error<PortError>>,
    threshold: Result<(), Error<PortError>>,
    reset: Result<u32, Error<PortError>>,
    stats: Stats,
}

/// Everything a line does to a driver, one after the other.
fn script(chunk: usize) -> Script {
    let read = hex("01 04 00 00 00 0A 70 0D");
    let good = hex(REPLY);
    let mut broken = good.clone();
    broken[7] ^= 0x10;
    let mut power_up = good[..23].to_vec();
    power_up[3] = 0xA7;
    let mut noisy = hex("01 04 14 FF");
    noisy.extend(&good);
    let set = with_crc(hex("01 06 00 01 08 FC"));
    let energy = with_crc(hex("01 04 00 00 00 07"));
    let energy_reply = |wh: u8| {
        let mut body = hex("01 04 0E 09 59 02 04 00 00 03 85 00 00 00 00 00 00");
        body[14] = wh;
        with_crc(body)
    };
    Script::new()
        .chunk(chunk)
        .expect(&read)
        .reply(30, &good)
        .expect(&read)
        .expect(&read)
        .reply(30, &broken)
        .expect(&read)
        .reply(30, &noisy)
        .expect(&read)
        .reply(0, &read)
        .reply(40, &good)
        .expect(&read)
        .reply(30, &hex("01 84 02 C2 C1"))
        .expect(&read)
        .reply(30, &with_crc(power_up))
        .expect(&read)
        .fail(10, PortError::Overrun)
        .reply(30, &good)
        .expect(&read)
        .fail(10, PortError::Overrun)
        .expect(&read)
        .reply(100, &[0x55; 300])
        .expect(&read)
        .reply(190, &good)
        .expect(&with_crc(hex("F8 03 00 02 00 01")))
        .reply(30, &with_crc(hex("F8 03 02 00 07")))
        .expect(&set)
        .expect(&with_crc(hex("01 03 00 01 00 02")))
        .reply(30, &with_crc(hex("01 03 04 08 FC 00 01")))
        .expect(&energy)
        .reply(30, &energy_reply(200))
        .expect(&hex("01 42 80 11"))
        .reply(30, &hex("01 42 80 11"))
        .expect(&energy)
        .reply(30, &energy_reply(0))
}

const READS: usize = 11;

fn config() -> Config {
    Config::new().with_read_retries(0)
}

fn one() -> Address {
    Address::FIRST
}

fn run_blocking(chunk: usize) -> Log {
    let script = script(chunk);
    let mut pzem = blocking::Pzem::with_config(script.port(), script.delay(), config());
    let log = Log {
        reads: (0..READS)
            .map(|_| {
                let result = pzem.read(one());
                // Whatever still comes of a babbling line is over.
                script.advance_us(400_000);
                result
            })
            .collect(),
        address: pzem.address(Target::General),
        threshold: pzem.set_alarm_threshold(one(), 2300),
        reset: pzem.reset_energy(one()),
        stats: *pzem.stats(),
    };
    script.done();
    log
}

fn run_async(chunk: usize) -> Log {
    let script = script(chunk);
    let mut pzem = asynch::Pzem::with_config(script.port(), script.delay(), config());
    let log = script.block_on(async {
        let mut reads = Vec::new();
        for _ in 0..READS {
            reads.push(pzem.read(one()).await);
            script.advance_us(400_000);
        }
        Log {
            reads,
            address: pzem.address(Target::General).await,
            threshold: pzem.set_alarm_threshold(one(), 2300).await,
            reset: pzem.reset_energy(one()).await,
            stats: *pzem.stats(),
        }
    });
    script.done();
    log
}

fn run_nonblocking(chunk: usize, start_us: u64) -> Log {
    let script = script(chunk).starting_at(start_us);
    let mut pzem = nonblocking::Pzem::with_config(script.port(), config());
    let log = Log {
        reads: (0..READS)
            .map(|_| {
                let result = finish(&mut pzem, &script, ReadRegisters::new(one(), FullBlock));
                script.advance_us(400_000);
                result
            })
            .collect(),
        address: finish(&mut pzem, &script, ReadAddress::new(Target::General)),
        threshold: finish(
            &mut pzem,
            &script,
            WriteSetting::alarm_threshold(one(), 2300),
        ),
        reset: finish(&mut pzem, &script, ResetEnergy::new(one(), Family::Ac)),
        stats: *pzem.stats(),
    };
    script.done();
    log
}

fn finish<O: Operation>(
    pzem: &mut nonblocking::Pzem<metering_tests::script::Port>,
    script: &Script,
    operation: O,
) -> Result<O::Output, Error<PortError>> {
    let mut job = pzem.start(operation, script.now_us() as u32);
    loop {
        match pzem.poll(&mut job, script.now_us() as u32) {
            Ok(output) => return Ok(output),
            Err(nb::Error::Other(error)) => return Err(error),
            Err(nb::Error::WouldBlock) => script.advance_us(100),
        }
    }
}

#[test]
fn the_same_results_in_three_shells() {
    for chunk in [usize::MAX, 1, 3] {
        let blocking = run_blocking(chunk);
        assert_eq!(blocking, run_async(chunk));
        assert_eq!(blocking, run_nonblocking(chunk, 0));
        let good = blocking.reads.iter().filter(|r| r.is_ok()).count();
        assert_eq!(good, 5);
        assert_eq!(blocking.address, Ok(Address::new(7).expect("7")));
        assert_eq!(blocking.threshold, Ok(()));
        assert_eq!(blocking.reset, Ok(200));
    }
}

#[test]
fn the_clock_may_wrap_at_any_point() {
    let expected = run_nonblocking(usize::MAX, 0);
    for before_us in [1, 1_000, 5_000, 20_000, 60_000, 300_000] {
        let start = u64::from(u32::MAX) - before_us;
        assert_eq!(
            run_nonblocking(usize::MAX, start),
            expected,
            "{before_us} us before the wrap"
        );
    }
}

#[test]
fn a_late_reply_is_never_taken_for_the_answer_to_the_next_request() {
    let read = hex("01 04 00 00 00 0A 70 0D");
    let mut old = hex(REPLY)[..23].to_vec();
    old[4] = 0x11; // 232.1 V: another power factor, so plausibility is left out
    let config = config().with_plausibility(None);
    // Beyond the timeout of 200 ms, and while the next request is under way already.
    for late_ms in [235, 250, 280, 330, 400, 480] {
        let script = || {
            Script::new()
                .expect(&read)
                .reply(late_ms, &with_crc(old.clone()))
                .expect(&read)
                .reply(30, &hex(REPLY))
        };
        let line = script();
        let mut pzem = blocking::Pzem::with_config(line.port(), line.delay(), config);
        let blocking = [pzem.read(one()), pzem.read(one())];
        line.done();

        let line = script();
        let mut pzem = asynch::Pzem::with_config(line.port(), line.delay(), config);
        let asynch = line.block_on(async { [pzem.read(one()).await, pzem.read(one()).await] });
        line.done();

        let line = script();
        let mut pzem = nonblocking::Pzem::with_config(line.port(), config);
        let mut next = || finish(&mut pzem, &line, ReadRegisters::new(one(), FullBlock));
        let nonblocking = [next(), next()];
        line.done();

        for [first, second] in [blocking, asynch, nonblocking] {
            assert!(first.is_err(), "late by {late_ms} ms");
            assert_eq!(
                second.map(|m| m.voltage_dv),
                Ok(2393),
                "late by {late_ms} ms"
            );
        }
    }
}

#[test]
fn a_dropped_future_leaves_a_line_that_works() {
    let read = hex("01 04 00 00 00 0A 70 0D");
    // Dropped after 0..80 ms: before sending, while waiting, in the middle of the reply.
    for drop_after_ms in 0..80 {
        let script = Script::new().expect(&read).reply(30, &hex(REPLY));
        let script = script.expect(&read).reply(30, &hex(REPLY));
        let mut pzem = asynch::Pzem::with_config(script.port(), script.delay(), config());
        let first = script.block_on(async {
            let mut delay = script.delay();
            let read = pzem.read(one());
            let timer = embedded_hal_async::delay::DelayNs::delay_ms(&mut delay, drop_after_ms);
            either(read, timer).await
        });
        if first.is_none() {
            script.advance_us(100_000);
        }
        let second = script.block_on(pzem.read(one()));
        assert_eq!(
            second.map(|m| m.voltage_dv),
            Ok(2393),
            "dropped after {drop_after_ms} ms"
        );
    }
}

async fn either<T>(work: impl Future<Output = T>, timer: impl Future<Output = ()>) -> Option<T> {
    let (mut work, mut timer) = (std::pin::pin!(work), std::pin::pin!(timer));
    std::future::poll_fn(|context| {
        if let std::task::Poll::Ready(value) = work.as_mut().poll(context) {
            return std::task::Poll::Ready(Some(value));
        }
        timer.as_mut().poll(context).map(|()| None)
    })
    .await
}
