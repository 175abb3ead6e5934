//! TCP as the application wants it, over whatever carries frames.

use embassy_net::dns::DnsQueryType;
use embassy_net::tcp::{self, State, TcpSocket};
use embassy_net::{Ipv4Address, Ipv4Cidr, Runner, Stack, StackResources, StaticConfigV4};
use embassy_time::Duration;
use embedded_io_async::{ErrorType, Read, Write};
use esp_hal::rng::Rng;
use smart_meter::access::ADDRESS;
use smart_meter::platform::{Accepted, ConnectError, Endpoint, Listener, Network};
use static_cell::StaticCell;

use crate::reach::Reach;

/// Sockets at a time: the uplink, an update, names, time, addresses (its own, or those it gives), two of the local page.
const SOCKETS: usize = 7;

/// A connection that says nothing for so long is none.
const SILENCE: Duration = Duration::from_secs(20);

/// An address from DHCP.
#[must_use]
pub fn dynamic() -> embassy_net::Config {
    embassy_net::Config::dhcpv4(embassy_net::DhcpConfig::default())
}

/// The address of an access point.
#[must_use]
pub const fn fixed() -> embassy_net::Config {
    let [a, b, c, d] = ADDRESS;
    embassy_net::Config::ipv4_static(StaticConfigV4 {
        address: Ipv4Cidr::new(Ipv4Address::new(a, b, c, d), 24),
        gateway: None,
        dns_servers: heapless::Vec::new(),
    })
}

/// The stack over this interface; the runner has to run.
///
/// # Panics
/// When there is one already.
pub fn stack<D: embassy_net::driver::Driver>(
    driver: D,
    config: embassy_net::Config,
) -> (Stack<'static>, Runner<'static, D>) {
    static RESOURCES: StaticCell<StackResources<SOCKETS>> = StaticCell::new();
    let rng = Rng::new();
    // Ports and sequence numbers begin where nobody expects them.
    let seed = u64::from(rng.random()) << 32 | u64::from(rng.random());
    embassy_net::new(driver, config, RESOURCES.init(StackResources::new()), seed)
}

/// Memory of a connection.
pub struct Buffers<const RX: usize, const TX: usize>([u8; RX], [u8; TX]);

impl<const RX: usize, const TX: usize> Buffers<RX, TX> {
    /// Nothing in them.
    #[must_use]
    pub const fn new() -> Self {
        Self([0; RX], [0; TX])
    }

    /// That of what comes, for something else.
    pub const fn lend(&mut self) -> &mut [u8; RX] {
        &mut self.0
    }
}

impl<const RX: usize, const TX: usize> Default for Buffers<RX, TX> {
    fn default() -> Self {
        Self::new()
    }
}

/// One connection at a time.
///
/// The socket stays when a connection is dropped, so that the other end hears that it is over.
pub struct Tcp {
    reach: Reach,
    socket: TcpSocket<'static>,
}

impl Tcp {
    /// Over this network.
    pub fn new<const RX: usize, const TX: usize>(
        reach: Reach,
        buffers: &'static mut Buffers<RX, TX>,
    ) -> Self {
        Self {
            reach,
            socket: TcpSocket::new(reach.stack, &mut buffers.0, &mut buffers.1),
        }
    }
}

impl Network for Tcp {
    type Stream<'a> = Connection<'a>;

    fn is_up(&self) -> bool {
        self.reach.is_up()
    }

    fn rssi_dbm(&self) -> Option<i8> {
        self.reach.rssi.get()
    }

    async fn connect(&mut self, to: &Endpoint<'_>) -> Result<Connection<'_>, ConnectError> {
        if !self.is_up() {
            return Err(ConnectError::Offline);
        }
        if to.is_tls {
            // This one only moves bytes: what should be secret does not leave through it.
            return Err(ConnectError::NoAuthority);
        }
        let addresses = self.reach.stack.dns_query(to.host, DnsQueryType::A).await;
        let address = addresses
            .ok()
            .and_then(|addresses| addresses.first().copied())
            .ok_or(ConnectError::Name)?;
        reset(&mut self.socket).await;
        self.socket.set_timeout(Some(SILENCE));
        self.socket
            .connect((address, to.port))
            .await
            .map_err(|error| match error {
                tcp::ConnectError::ConnectionReset => ConnectError::Refused,
                tcp::ConnectError::TimedOut => ConnectError::Timeout,
                tcp::ConnectError::NoRoute | tcp::ConnectError::InvalidState => {
                    ConnectError::Offline
                }
            })?;
        Ok(Connection(&mut self.socket))
    }
}

/// Ends what is left of the connection before.
async fn reset(socket: &mut TcpSocket<'_>) {
    if socket.state() != State::Closed {
        socket.abort();
        let _ = socket.flush().await;
    }
}

/// A port that others connect to, one at a time.
pub struct Port {
    socket: TcpSocket<'static>,
    number: u16,
}

impl Port {
    /// A port of this network.
    pub fn new<const RX: usize, const TX: usize>(
        stack: Stack<'static>,
        number: u16,
        buffers: &'static mut Buffers<RX, TX>,
    ) -> Self {
        Self {
            socket: TcpSocket::new(stack, &mut buffers.0, &mut buffers.1),
            number,
        }
    }
}

impl Listener for Port {
    type Stream<'a> = Connection<'a>;

    async fn accept(&mut self) -> Result<Connection<'_>, ConnectError> {
        reset(&mut self.socket).await;
        self.socket.set_timeout(Some(SILENCE));
        let accepted = self.socket.accept(self.number).await;
        accepted.map_err(|_| ConnectError::Offline)?;
        Ok(Connection(&mut self.socket))
    }
}

impl Accepted for Connection<'_> {
    async fn finish(&mut self) {
        self.0.close();
        // Until everything arrived, or nobody is there.
        let _ = self.0.flush().await;
    }
}

/// A connection; dropping it closes it.
pub struct Connection<'a>(&'a mut TcpSocket<'static>);

impl Drop for Connection<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl ErrorType for Connection<'_> {
    type Error = tcp::Error;
}

impl Read for Connection<'_> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, tcp::Error> {
        self.0.read(buffer).await
    }
}

impl Write for Connection<'_> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, tcp::Error> {
        self.0.write(bytes).await
    }

    async fn flush(&mut self) -> Result<(), tcp::Error> {
        // What was written is on its way; to wait until the other end has it would cost a round trip.
        Ok(())
    }
}
