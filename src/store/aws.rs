//! The clients on AWS: one HTTP stack for the table and the objects, made for a cold start.
//!
//! - `ring`, not `aws-lc-rs`: the latter gathers CPU jitter entropy in the first handshake (about 100 ms).
//! - Only the roots that AWS services use, not the system's whole trust store (about 8 ms of CPU at start).
//!   `DATELINE_TRUST=system` asks for the system's; `AWS_CA_BUNDLE` names a PEM file that is trusted as well.
//! - Credentials and region come from the environment, where Lambda puts them; nothing is asked of the network.

use super::{Objects, Store, StoreError};
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::{
    Connector,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::http::{HttpConnectorSettings, SharedHttpConnector, http_client_fn};
use std::time::Duration;

/// A connection or an answer that takes longer is tried again by the SDK; a function's own time limit is a multiple.
const CONNECT_SECONDS: u64 = 3;
const READ_SECONDS: u64 = 5;

/// Amazon Trust Services' roots 1 to 4 and Starfield Services G2, as Amazon names them for its public services
/// (<https://www.amazontrust.com/repository/>).
const AMAZON_ROOTS: &str = include_str!("amazon-roots.pem");

/// What the environment says of a deployed stack.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `DATELINE_TABLE`: the table's name.
    pub table: String,
    /// `DATELINE_OBJECTS`: `s3://bucket`, or `file:///folder` on one machine.
    pub objects: String,
    /// `AWS_ENDPOINT_URL_DYNAMODB`, else `AWS_ENDPOINT_URL`: an endpoint other than the region's own.
    pub table_endpoint: Option<String>,
    /// `AWS_ENDPOINT_URL_S3`, else `AWS_ENDPOINT_URL`.
    pub objects_endpoint: Option<String>,
    pub account: Account,
}

/// Where it is, who asks, and who is believed.
#[derive(Clone, Debug)]
pub struct Account {
    /// `AWS_REGION`.
    pub region: String,
    /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and, on Lambda, `AWS_SESSION_TOKEN`.
    pub credentials: Credentials,
    /// `AWS_CA_BUNDLE`: a PEM file of further roots.
    pub ca_bundle: Option<String>,
    /// `DATELINE_TRUST=system`.
    pub system_roots: bool,
}

impl Settings {
    pub fn from_env() -> Result<Self, StoreError> {
        Ok(Self {
            table: required("DATELINE_TABLE")?,
            objects: required("DATELINE_OBJECTS")?,
            table_endpoint: endpoint("AWS_ENDPOINT_URL_DYNAMODB"),
            objects_endpoint: endpoint("AWS_ENDPOINT_URL_S3"),
            account: Account::from_env()?,
        })
    }
}

impl Account {
    pub fn from_env() -> Result<Self, StoreError> {
        Ok(Self {
            region: required("AWS_REGION")?,
            credentials: credentials_from_env()?,
            ca_bundle: optional("AWS_CA_BUNDLE"),
            system_roots: optional("DATELINE_TRUST").as_deref() == Some("system"),
        })
    }
}

/// An endpoint other than the region's own.
pub fn endpoint(name: &str) -> Option<String> {
    optional(name).or_else(|| optional("AWS_ENDPOINT_URL"))
}

fn optional(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|it| !it.is_empty())
}

fn required(name: &str) -> Result<String, StoreError> {
    optional(name).ok_or_else(|| StoreError::Open(format!("the environment variable {name} is not set")))
}

pub fn credentials_from_env() -> Result<Credentials, StoreError> {
    let (key, secret) = (required("AWS_ACCESS_KEY_ID")?, required("AWS_SECRET_ACCESS_KEY")?);
    Ok(Credentials::from_keys(key, secret, optional("AWS_SESSION_TOKEN")))
}

/// Builds the clients; connects to nothing.
pub fn open(settings: &Settings) -> Result<Store, StoreError> {
    let account = &settings.account;
    let connector = connector(account)?;
    let objects = Objects::open(settings, connector.clone())?;
    let mut config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(account.region.clone()))
        .credentials_provider(account.credentials.clone())
        .http_client(http_client_fn(move |_, _| connector.clone()));
    if let Some(endpoint) = &settings.table_endpoint {
        config = config.endpoint_url(endpoint);
    }
    Ok(Store::new(aws_sdk_dynamodb::Client::from_conf(config.build()), &settings.table, objects))
}

pub(super) fn connector(account: &Account) -> Result<SharedHttpConnector, StoreError> {
    let mut roots = TrustStore::empty().with_native_roots(account.system_roots);
    if !account.system_roots {
        roots = roots.with_pem_certificate(AMAZON_ROOTS);
    }
    if let Some(path) = &account.ca_bundle {
        let pem = std::fs::read(path).map_err(|error| StoreError::Open(format!("AWS_CA_BUNDLE {path}: {error}")))?;
        roots = roots.with_pem_certificate(pem);
    }
    let context = TlsContext::builder()
        .with_trust_store(roots)
        .build()
        .map_err(|error| StoreError::Open(format!("the trust store: {error}")))?;
    let limits = HttpConnectorSettings::builder()
        .connect_timeout(Duration::from_secs(CONNECT_SECONDS))
        .read_timeout(Duration::from_secs(READ_SECONDS))
        .build();
    let connector = Connector::builder()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(context)
        .connector_settings(limits)
        .sleep_impl(TokioSleep::new())
        .build();
    Ok(SharedHttpConnector::new(connector))
}

#[cfg(all(test, feature = "local"))]
mod tests {
    use sha2::{Digest, Sha256};
    use tokio_rustls::rustls::pki_types::{CertificateDer, pem::PemObject};

    /// SHA-256 of each certificate, as <https://www.amazontrust.com/repository/> prints it.
    const FINGERPRINTS: [&str; 5] = [
        "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
        "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",
        "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",
        "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",
        "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5",
    ];

    #[test]
    fn the_roots_are_those_that_amazon_publishes() {
        let roots = CertificateDer::pem_slice_iter(super::AMAZON_ROOTS.as_bytes());
        let found: Vec<String> = roots
            .map(|root| Sha256::digest(root.expect("PEM")).iter().map(|byte| format!("{byte:02x}")).collect())
            .collect();
        assert_eq!(found, FINGERPRINTS);
    }
}
