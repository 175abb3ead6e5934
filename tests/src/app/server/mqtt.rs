//! The server as an MQTT broker (MQTT 5.0, sections 2 and 3): nobody subscribes to it but the device itself.

use super::{Reply, State};

const CONNECT: u8 = 1;
const PUBLISH: u8 = 3;
const SUBSCRIBE: u8 = 8;
const PINGREQ: u8 = 12;

/// Reasons of CONNACK and PUBACK: "server unavailable", "quota exceeded".
const UNAVAILABLE: u8 = 0x88;
const QUOTA: u8 = 0x97;

/// Whether a connection that begins with this speaks MQTT.
pub(super) fn is_connect(first: u8) -> bool {
    first == CONNECT << 4
}

/// Where the first packet begins behind its header, and ends, if it is whole.
pub(super) fn whole(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut length = 0;
    for (index, byte) in bytes.iter().skip(1).take(4).enumerate() {
        length |= usize::from(byte & 0x7F) << (7 * index);
        if byte & 0x80 == 0 {
            let from = index + 2;
            return (bytes.len() >= from + length).then_some((from, from + length));
        }
    }
    None
}

/// Whether a packet wants an answer.
pub(super) fn wants_answer(first: u8) -> bool {
    match first >> 4 {
        // With QoS 1.
        PUBLISH => first & 0b0110 != 0,
        CONNECT | SUBSCRIBE | PINGREQ => true,
        _ => false,
    }
}

/// Takes a packet that wants an answer; gives that.
pub(super) fn answer(
    state: &mut State,
    first: u8,
    rest: &[u8],
    now_us: u64,
    is_stored: bool,
    reply: Reply,
) -> Vec<u8> {
    let is_error = reply == Reply::Error;
    match (first >> 4, rest) {
        (CONNECT, _) => vec![0x20, 3, 0, if is_error { UNAVAILABLE } else { 0 }, 0],
        (PUBLISH, _) => {
            let Some((topic, [high, low], payload)) = publication(rest) else {
                state.complaints.push(format!("no publication: {rest:?}"));
                return Vec::new();
            };
            let is_record = topic.starts_with("smartmeter/")
                && ["/data", "/events", "/intervals"]
                    .iter()
                    .any(|end| topic.ends_with(end));
            let record = if is_record && is_stored {
                state.json(topic, payload)
            } else {
                None
            };
            if let Some(record) = record {
                state.store(&record, now_us);
            }
            vec![0x40, 4, high, low, if is_error { QUOTA } else { 0 }, 0]
        }
        (SUBSCRIBE, [high, low, ..]) => vec![0x90, 4, *high, *low, 0, 0],
        (PINGREQ, _) => vec![0xD0, 0],
        _ => Vec::new(),
    }
}

/// Topic, number and payload of a PUBLISH with QoS 1.
fn publication(rest: &[u8]) -> Option<(&str, [u8; 2], &[u8])> {
    let (length, rest) = rest.split_first_chunk::<2>()?;
    let (topic, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
    let (number, rest) = rest.split_first_chunk::<2>()?;
    // The length of the properties, which are short here.
    let (properties, rest) = rest.split_first()?;
    let payload = rest.get(usize::from(*properties)..)?;
    Some((std::str::from_utf8(topic).ok()?, *number, payload))
}
