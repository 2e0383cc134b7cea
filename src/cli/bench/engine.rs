//! The embedded engine as an endpoint on the loopback interface, for processes that speak to it as they would to AWS.

use crate::{cli::Failure, store::embedded};
use axum::{Router, body::Bytes, extract::State, response::IntoResponse, routing::post, serve::Listener};
use dynoxide::Database;
use http::{HeaderMap, StatusCode, header};
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::PrivatePkcs8KeyDer},
    server::TlsStream,
};

/// Any free port of the loopback interface.
pub const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Serves the engine for as long as the process lives; returns the endpoint.
pub async fn serve(engine: Database, address: SocketAddr) -> Result<String, Failure> {
    let listener = TcpListener::bind(address).await.map_err(Failure::io(format!("{address}")))?;
    let address = listener.local_addr().map_err(Failure::io("the engine's endpoint"))?;
    tokio::spawn(async move { axum::serve(listener, routes(engine)).await });
    Ok(format!("http://{address}"))
}

/// The same behind TLS, under a certificate made for the occasion and written to a file that a client can trust.
pub async fn serve_tls(engine: Database, certificate_file: &Path) -> Result<String, Failure> {
    let other = |error: &dyn std::fmt::Display| Failure::Other(format!("a certificate cannot be made: {error}"));
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).map_err(|error| other(&error))?;
    std::fs::write(certificate_file, made.cert.pem()).map_err(Failure::io("the certificate"))?;
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|it| it.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key.into()))
        .map_err(|error| other(&error))?;
    let listener = TcpListener::bind(ANY_PORT).await.map_err(Failure::io("the engine's endpoint"))?;
    let port = listener.local_addr().map_err(Failure::io("the engine's endpoint"))?.port();
    let listener = TlsListener { listener, acceptor: TlsAcceptor::from(Arc::new(config)) };
    tokio::spawn(async move { axum::serve(listener, routes(engine)).await });
    Ok(format!("https://localhost:{port}"))
}

fn routes(engine: Database) -> Router {
    Router::new().route("/", post(call)).with_state(engine)
}

async fn call(State(engine): State<Database>, headers: HeaderMap, body: Bytes) -> impl IntoResponse {
    let target = headers.get("x-amz-target").and_then(|it| it.to_str().ok()).unwrap_or_default().to_owned();
    let answered = tokio::task::spawn_blocking(move || embedded::answer(&engine, &target, &body)).await;
    let (status, body) = answered.unwrap_or((500, String::new()));
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, "application/x-amz-json-1.0")], body)
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
