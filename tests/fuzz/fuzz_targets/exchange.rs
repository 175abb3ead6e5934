//! Any bytes at any pace as what a line delivers: nothing panics or hangs, and a reply that is taken
//! stands in the bytes, for this address and function, with a right check value.
#![no_main]

use fuzz::crc;
use libfuzzer_sys::fuzz_target;
use pzem::request::Request;
use pzem::transaction::{Step, Transaction};
use pzem::{Address, Config, EchoMode, Failure, Target};

fuzz_target!(|input: &[u8]| {
    let [kind, start, line @ ..] = input else {
        return;
    };
    let target = Address::new(kind >> 4).map_or(Target::General, Target::Unit);
    let (request, count) = match kind & 7 {
        0 => (Request::read_input(target, 0, 10), 20),
        1 => (Request::read_input(target, 0, 9), 18),
        2 => (Request::read_input(target, 0, 1), 2),
        3 => (Request::read_holding(target, 1, 2), 4),
        4 => (Request::write_single(target, 1, 2300), 0),
        5 => (Request::reset_energy(target), 0),
        6 => (Request::write_broadcast(1, 2300), 0),
        _ => (Request::read_input(target, 0, 8), 16),
    };
    let echo = if kind & 8 == 0 {
        EchoMode::Off
    } else {
        EchoMode::On
    };
    // The clock may start anywhere.
    let mut now = u32::from(*start) << 24;
    let mut transaction = Transaction::new();
    transaction.start(request, &Config::new().with_echo(echo), now);
    let mut delivered = Vec::new();
    let mut line = line.iter().copied();
    let mut sent = false;
    // Far more steps than the slowest exchange takes.
    for _ in 0..100_000 {
        match transaction.step(now) {
            Step::Done => break,
            Step::Send => {
                assert!(!sent, "a request was sent twice");
                sent = true;
                delivered.clear();
                transaction.sent(now);
            }
            Step::Listen { us } => match line.next() {
                // 0xFE: nothing comes for a while. 0xFD: a receiver error.
                None | Some(0xFE) => now = now.wrapping_add(us),
                Some(0xFD) => transaction.disturbed(now),
                Some(byte) => {
                    let buffer = transaction.buffer();
                    assert!(!buffer.is_empty(), "nowhere to put a byte");
                    // Sometimes more than one byte at a time.
                    let chunk = if byte & 1 == 0 { 1 } else { buffer.len() };
                    let mut filled = 0;
                    for (slot, byte) in buffer
                        .iter_mut()
                        .zip([byte].into_iter().chain(&mut line))
                        .take(chunk)
                    {
                        *slot = byte;
                        delivered.push(byte);
                        filled += 1;
                    }
                    now = now.wrapping_add(1_042 * filled as u32);
                    transaction.received(filled, now);
                }
            },
            _ => unreachable!("a step this target does not know"),
        }
    }
    assert_eq!(
        transaction.step(now),
        Step::Done,
        "the exchange does not end"
    );
    let exchange = transaction.finish();
    match exchange.result {
        Ok(reply) if kind & 7 == 6 => assert!(reply.data().is_empty()),
        Ok(reply) if count == 0 => {
            assert!(reply.data().is_empty());
            let copies = delivered
                .windows(request.bytes().len())
                .filter(|w| *w == request.bytes())
                .count();
            assert!(copies >= if echo == EchoMode::On { 2 } else { 1 });
        }
        Ok(reply) => {
            assert_eq!(reply.data().len(), count);
            let [address, function] = [request.bytes()[0], request.bytes()[1]];
            let stands_there = delivered.windows(count + 5).any(|w| {
                w[..3] == [address, function, count as u8]
                    && crc(w) == 0
                    && w[3..3 + count] == *reply.data()
            });
            assert!(stands_there, "a reply that never came");
        }
        Err(Failure::NoReply | Failure::Garbled { .. } | Failure::Babble) => {}
        Err(Failure::Exception(exception)) => {
            let function = request.bytes()[1] | 0x80;
            let stands_there = delivered
                .windows(5)
                .any(|w| w[..3] == [request.bytes()[0], function, exception.0] && crc(w) == 0);
            assert!(stands_there, "an exception that never came");
        }
        Err(Failure::Stray { address, function }) => {
            assert!(delivered.windows(2).any(|w| w == [address, function]));
        }
        Err(other) => panic!("an exchange can not fail with {other:?}"),
    }
});
