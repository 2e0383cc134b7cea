//! The AWS clients: one HTTP stack for the table and the object store, optimised for cold starts.
//!
//! - `ring`, not `aws-lc-rs`: the latter gathers CPU jitter entropy in the first handshake (about 100 ms).
//! - Only the roots that AWS services use, not the system's whole trust store (about 8 ms of CPU at start).
//!   `DATELINE_TRUST=system` selects the system's; `AWS_CA_BUNDLE` names an additional PEM file to trust.
//! - Credentials and region come from the environment, where Lambda puts them; this needs no network request.

use super::{Objects, Store, StoreError, table::dynamodb::DynamoDbTable};
use crate::config::Config;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::{
    Connector,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::http::{HttpConnectorSettings, SharedHttpConnector, http_client_fn};
use std::{sync::Arc, time::Duration};

/// The SDK retries a connection or a read that takes longer; a function's own time limit is a multiple of these.
const CONNECT_SECONDS: u64 = 3;
const READ_SECONDS: u64 = 5;

/// Amazon Trust Services' roots 1 to 4 and Starfield Services G2, as Amazon lists them for its public services
/// (<https://www.amazontrust.com/repository/>).
const AMAZON_ROOTS: &str = include_str!("amazon-roots.pem");

/// Builds the clients, without connecting.
pub fn open(config: &Config) -> Result<Store, StoreError> {
    let connector = connector(config)?;
    let objects = Objects::open(config, connector.clone())?;
    Ok(Store::new(Arc::new(table_over(connector, config)?), objects))
}

/// Builds the table's client alone, without connecting.
pub fn table(config: &Config) -> Result<DynamoDbTable, StoreError> {
    table_over(connector(config)?, config)
}

fn table_over(connector: SharedHttpConnector, config: &Config) -> Result<DynamoDbTable, StoreError> {
    let mut client = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(config.region()?.to_owned()))
        .credentials_provider(credentials(config)?)
        .http_client(http_client_fn(move |_, _| connector.clone()));
    if let Some(endpoint) = &config.table_endpoint {
        client = client.endpoint_url(endpoint);
    }
    Ok(DynamoDbTable::new(aws_sdk_dynamodb::Client::from_conf(client.build()), config.table()?))
}

pub(super) fn credentials(config: &Config) -> Result<Credentials, StoreError> {
    let (key, secret) = (config.access_key_id()?, config.secret_access_key()?);
    Ok(Credentials::from_keys(key, secret, config.session_token.clone()))
}

pub(super) fn connector(config: &Config) -> Result<SharedHttpConnector, StoreError> {
    let mut roots = TrustStore::empty().with_native_roots(config.trust_system_roots);
    if !config.trust_system_roots {
        roots = roots.with_pem_certificate(AMAZON_ROOTS);
    }
    if let Some(path) = &config.ca_bundle {
        let pem = std::fs::read(path).map_err(|error| StoreError::Open(format!("AWS_CA_BUNDLE {path}: {error}")))?;
        roots = roots.with_pem_certificate(pem);
    }
    let context = TlsContext::builder()
        .with_trust_store(roots)
        .build()
        .map_err(|error| StoreError::Open(format!("cannot build the trust store: {error}")))?;
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
    use rustls::pki_types::{CertificateDer, pem::PemObject};
    use sha2::{Digest, Sha256};

    /// SHA-256 of each certificate, as published at <https://www.amazontrust.com/repository/>.
    const FINGERPRINTS: [&str; 5] = [
        "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
        "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",
        "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",
        "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",
        "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5",
    ];

    #[test]
    fn the_bundled_roots_are_those_that_amazon_publishes() {
        let roots = CertificateDer::pem_slice_iter(super::AMAZON_ROOTS.as_bytes());
        let fingerprints: Vec<String> = roots.map(|root| hex::encode(Sha256::digest(root.expect("PEM")))).collect();
        assert_eq!(fingerprints, FINGERPRINTS);
    }
}
