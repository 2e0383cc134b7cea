//! A DynamoDB endpoint over TLS.

use crate::dynamodb_endpoint::routes;
use axum::serve::Listener;
use dateline::cli::CommandError;
use dynoxide::Database;
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::PrivatePkcs8KeyDer},
    server::TlsStream,
};

/// Serves the engine over TLS with a new self-signed certificate, which is written to a file for clients to trust.
pub async fn serve(engine: Database, certificate_file: &Path) -> Result<String, CommandError> {
    let other = |error: &dyn std::fmt::Display| CommandError::Other(format!("cannot create a certificate: {error}"));
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).map_err(|error| other(&error))?;
    std::fs::write(certificate_file, made.cert.pem()).map_err(CommandError::io("the certificate"))?;
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key.into()))
        .map_err(|error| other(&error))?;
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(CommandError::io("the engine's endpoint"))?;
    let port = listener.local_addr().map_err(CommandError::io("the engine's endpoint"))?.port();
    let listener = TlsListener { listener, acceptor: TlsAcceptor::from(Arc::new(config)) };
    tokio::spawn(async move { axum::serve(listener, routes(engine)).await });
    Ok(format!("https://localhost:{port}"))
}

struct TlsListener {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let Ok((stream, address)) = self.listener.accept().await else { continue };
            let _ = stream.set_nodelay(true);
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}
