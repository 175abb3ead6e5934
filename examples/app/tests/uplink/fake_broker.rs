//! A broker that says what it is told to, packet by packet (MQTT 5.0, sections 2 and 3).

use std::cell::RefCell;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use embedded_io_async::{ErrorType, Read, Write};
use smart_meter::platform::{ConnectError, Endpoint, Network};

/// A packet of the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Packet {
    /// Kind and flags.
    pub(crate) first: u8,
    pub(crate) rest: Vec<u8>,
}

impl Packet {
    pub(crate) fn kind(&self) -> u8 {
        self.first >> 4
    }

    pub(crate) fn is_publish(&self) -> bool {
        self.kind() == 3
    }

    fn topic_len(&self) -> usize {
        usize::from(u16::from_be_bytes([self.rest[0], self.rest[1]]))
    }

    pub(crate) fn topic(&self) -> &str {
        std::str::from_utf8(&self.rest[2..2 + self.topic_len()]).unwrap()
    }

    /// Number of a PUBLISH with QoS 1, or of a SUBSCRIBE.
    pub(crate) fn number(&self) -> [u8; 2] {
        let at = if self.is_publish() {
            2 + self.topic_len()
        } else {
            0
        };
        [self.rest[at], self.rest[at + 1]]
    }

    pub(crate) fn payload(&self) -> &str {
        let at = 2 + self.topic_len() + if self.first & 6 != 0 { 2 } else { 0 };
        // Length of the properties, which are short here.
        let properties = usize::from(self.rest[at]);
        std::str::from_utf8(&self.rest[at + 1 + properties..]).unwrap()
    }
}

/// CONNACK with a reason and properties.
pub(crate) fn connack(code: u8, properties: &[u8]) -> Vec<u8> {
    let mut bytes = vec![
        0x20,
        3 + properties.len() as u8,
        0,
        code,
        properties.len() as u8,
    ];
    bytes.extend_from_slice(properties);
    bytes
}

/// PUBACK with a reason.
pub(crate) fn puback(packet: &Packet, code: u8) -> Vec<u8> {
    let [high, low] = packet.number();
    vec![0x40, 4, high, low, code, 0]
}

/// What a well-meaning broker answers.
pub(crate) fn kind_answer(packet: &Packet) -> Vec<u8> {
    match packet.kind() {
        1 => connack(0, &[]),
        3 if packet.first & 6 == 2 => puback(packet, 0),
        8 => {
            let [high, low] = packet.number();
            vec![0x90, 4, high, low, 0, 0]
        }
        12 => vec![0xd0, 0],
        _ => vec![],
    }
}

/// What the broker does after a packet.
pub(crate) enum Answer {
    Bytes(Vec<u8>),
    Close,
}

type Behaviour = Box<dyn FnMut(&Packet) -> Answer>;

/// A network with one broker in it.
#[derive(Clone)]
pub(crate) struct BrokerNetwork {
    behaviour: Rc<RefCell<Behaviour>>,
    pub(crate) packets: Rc<RefCell<Vec<Packet>>>,
}

impl BrokerNetwork {
    pub(crate) fn new(behaviour: impl FnMut(&Packet) -> Answer + 'static) -> Self {
        Self {
            behaviour: Rc::new(RefCell::new(Box::new(behaviour))),
            packets: Rc::default(),
        }
    }

    /// A broker that answers kindly but for what the function says of some packets.
    pub(crate) fn but(mut answer: impl FnMut(&Packet) -> Option<Vec<u8>> + 'static) -> Self {
        Self::new(move |packet| {
            Answer::Bytes(answer(packet).unwrap_or_else(|| kind_answer(packet)))
        })
    }
}

impl Network for BrokerNetwork {
    type Stream<'a> = BrokerStream;

    fn is_up(&self) -> bool {
        true
    }

    async fn connect(&mut self, _: &Endpoint<'_>) -> Result<BrokerStream, ConnectError> {
        Ok(BrokerStream {
            network: self.clone(),
            incoming: Vec::new(),
            outgoing: VecDeque::new(),
            is_closed: false,
        })
    }
}

pub(crate) struct BrokerStream {
    network: BrokerNetwork,
    incoming: Vec<u8>,
    outgoing: VecDeque<u8>,
    is_closed: bool,
}

impl BrokerStream {
    fn next_packet(&mut self) -> Option<Packet> {
        let first = *self.incoming.first()?;
        let (mut length, mut at) = (0, 1);
        loop {
            let byte = usize::from(*self.incoming.get(at)?);
            length |= (byte & 0x7f) << (7 * (at - 1));
            at += 1;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let rest = self.incoming.get(at..at + length)?.to_vec();
        self.incoming.drain(..at + length);
        Some(Packet { first, rest })
    }
}

impl ErrorType for BrokerStream {
    type Error = Infallible;
}

impl Write for BrokerStream {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        self.incoming.extend_from_slice(bytes);
        while let Some(packet) = self.next_packet() {
            self.network.packets.borrow_mut().push(packet.clone());
            let answer = self.network.behaviour.borrow_mut()(&packet);
            match answer {
                Answer::Bytes(bytes) => self.outgoing.extend(bytes),
                Answer::Close => self.is_closed = true,
            }
        }
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

impl Read for BrokerStream {
    async fn read(&mut self, room: &mut [u8]) -> Result<usize, Infallible> {
        poll_fn(|_| {
            if self.outgoing.is_empty() && !self.is_closed {
                // Whoever waits is asked again when the clock goes on.
                return Poll::Pending;
            }
            let count = room.len().min(self.outgoing.len()).min(5);
            for byte in &mut room[..count] {
                *byte = self.outgoing.pop_front().unwrap();
            }
            Poll::Ready(Ok(count))
        })
        .await
    }
}
