//! TLS as a part of the network of the application.

use super::*;

/// Time that does not pass.
struct Still;

impl Clock for Still {
    fn now_ms(&self) -> u64 {
        0
    }

    async fn sleep_until(&self, _: u64) {
        core::future::pending().await
    }
}

struct Local(u16);

impl Network for Local {
    type Stream<'a> = Socket;

    fn is_up(&self) -> bool {
        true
    }

    async fn connect(&mut self, to: &Endpoint<'_>) -> Result<Socket, ConnectError> {
        assert!(!to.is_tls, "what is below is plain");
        Ok(Socket::connect(self.0))
    }
}

#[test]
fn a_network_is_secure_where_the_endpoint_wants_it() {
    let _alone = alone();
    let (secure, ca) = (secure(), Ca::new("network", Key::Curve));
    let server = Server::start(&ca.leaf("localhost", "DNS:localhost", Key::Curve), &[]);
    let time = std::cell::Cell::new(None);
    let mut network = SecureNetwork::new(Local(server.port), Still, &secure, || time.get());
    let to = Endpoint {
        host: "localhost",
        port: server.port,
        is_tls: true,
    };
    assert_eq!(
        block_on(network.connect(&to)).err(),
        Some(ConnectError::NoAuthority)
    );
    network.trust(Some(authority(&ca)));
    assert_eq!(
        block_on(network.connect(&to)).err(),
        Some(ConnectError::NoTime)
    );
    time.set(Some(now_s()));
    let mut stream = block_on(network.connect(&to)).expect("accepted");
    assert!(get(&mut stream).starts_with("HTTP/1.0 200"));
    drop(stream);
    network.trust(None);
    assert_eq!(
        block_on(network.connect(&to)).err(),
        Some(ConnectError::NoAuthority)
    );

    // Plain text to a server that speaks TLS: it comes through as it is, and is not understood.
    let mut plain = block_on(network.connect(&Endpoint {
        is_tls: false,
        ..to
    }))
    .expect("connected");
    assert!(!get(&mut plain).starts_with("HTTP/1.0 200"));
}
