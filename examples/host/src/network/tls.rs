//! TLS as the firmware has it: the server is verified against a given CA, its name and its dates, and nothing else.

use std::io;
use std::path::Path;
use std::sync::Arc;

use smart_meter::platform::ConnectError;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, Error, RootCertStore};

use crate::error::Problem;

/// Who is trusted: not the CAs of the system, as a meter has none.
#[derive(Clone, Debug)]
pub(crate) struct Authority(Arc<ClientConfig>);

impl Authority {
    /// From the file that was given, if one was.
    pub(crate) fn of(path: Option<&Path>) -> Result<Option<Self>, Problem> {
        path.map(Self::from_file).transpose()
    }

    /// From the certificates in a file, as PEM.
    fn from_file(path: &Path) -> Result<Self, Problem> {
        let name = path.display();
        let text =
            std::fs::read(path).map_err(|error| Problem::Refused(format!("{name}: {error}")))?;
        Self::from_pem(&text).ok_or_else(|| {
            Problem::Refused(format!(
                "{name} is no certificate of a CA: it begins with -----BEGIN CERTIFICATE-----"
            ))
        })
    }

    /// From certificates as PEM; `None` if there is none, or one that is damaged.
    pub(crate) fn from_pem(text: &[u8]) -> Option<Self> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(text) {
            roots.add(certificate.ok()?).ok()?;
        }
        if roots.is_empty() {
            return None;
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .ok()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Some(Self(Arc::new(config)))
    }

    pub(super) async fn open(
        &self,
        stream: TcpStream,
        host: &str,
    ) -> Result<TlsStream<TcpStream>, ConnectError> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| ConnectError::Name)?;
        let opening = TlsConnector::from(self.0.clone())
            .connect(name, stream)
            .await;
        opening.map_err(|error| why(&error))
    }
}

fn why(error: &io::Error) -> ConnectError {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    match inner {
        Some(Error::InvalidCertificate(_) | Error::NoCertificatesPresented) => {
            ConnectError::Certificate
        }
        _ => ConnectError::Handshake,
    }
}
