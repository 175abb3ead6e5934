//! Certificates, and those who sign them.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ServerConfig, SupportedProtocolVersion};

/// Years in which tests are run.
pub(crate) const NOW: (i32, i32) = (2020, 2120);

/// Somebody who signs certificates.
pub(crate) struct Ca(CertifiedIssuer<'static, KeyPair>);

fn key() -> KeyPair {
    KeyPair::generate().expect("a key")
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

impl Ca {
    pub(crate) fn new() -> Self {
        let mut params = params("test CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        Self(CertifiedIssuer::self_signed(params, key()).expect("a certificate"))
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// A server with a certificate of this CA, for the years given.
    pub(crate) fn server(&self, name: &str, years: (i32, i32)) -> ServerConfig {
        let (mut params, key) = (params(name), key());
        params.not_before = rcgen::date_time_ymd(years.0, 1, 1);
        params.not_after = rcgen::date_time_ymd(years.1, 1, 1);
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        config(vec![certificate.der().clone()], &key)
    }

    /// A certificate and its key as PEM, for servers of others.
    pub(crate) fn files(&self, name: &str) -> (String, String) {
        let key = key();
        let leaf = params(name)
            .signed_by(&key, &self.0)
            .expect("a certificate");
        (leaf.pem(), key.serialize_pem())
    }

    /// A server that speaks one version alone.
    pub(crate) fn speaking(&self, version: &'static SupportedProtocolVersion) -> ServerConfig {
        let key = key();
        let leaf = params("localhost")
            .signed_by(&key, &self.0)
            .expect("a certificate");
        versions(&[version], vec![leaf.der().clone()], &key)
    }

    /// A server whose certificate was signed by the owner of an ordinary one.
    pub(crate) fn forged(&self, name: &str) -> ServerConfig {
        let owner = CertifiedIssuer::signed_by(params("owner.example.org"), key(), &self.0)
            .expect("a certificate");
        let key = key();
        let leaf = params(name).signed_by(&key, &owner).expect("a certificate");
        config(vec![leaf.der().clone(), owner.der().clone()], &key)
    }
}

fn config(chain: Vec<CertificateDer<'static>>, key: &KeyPair) -> ServerConfig {
    versions(&[&TLS13, &TLS12], chain, key)
}

fn versions(
    versions: &[&'static SupportedProtocolVersion],
    chain: Vec<CertificateDer<'static>>,
    key: &KeyPair,
) -> ServerConfig {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a certificate")
}
