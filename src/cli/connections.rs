//! The server's connections: how many there are at once, and how long each may take for what.

use super::{CommandError, parse_errors::ParseErrors};
use crate::limits::{CONNECTIONS, HEADER_SECONDS, STALLED_SECONDS};
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use std::{
    pin::{Pin, pin},
    sync::Arc,
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_io_timeout::TimeoutWriter;

/// Grace period for in-flight requests at shutdown.
const GRACE: Duration = Duration::from_secs(10);
/// Delay after a connection cannot be accepted, as when the process has no file descriptors left.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// The limits of the server's connections.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// Connections at once.
    connections: usize,
    /// The time for the headers of a request, or until the first request.
    header: Duration,
    /// The time without a byte taken, after which a client is disconnected.
    stalled: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            connections: CONNECTIONS,
            header: Duration::from_secs(HEADER_SECONDS),
            stalled: Duration::from_secs(STALLED_SECONDS),
        }
    }
}

/// Serves until `stop` resolves, and then the requests in flight.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: ConnectionLimits,
    stop: impl Future<Output = ()>,
) -> Result<(), CommandError> {
    let connections = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        // Further connections wait in the queue of the operating system.
        let accepting = async {
            let permit = Arc::clone(&connections).acquire_owned().await;
            (listener.accept().await, permit)
        };
        let (accepted, permit) = tokio::select! {
            accepted = accepting => accepted,
            () = &mut stop => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be accepted");
                tokio::time::sleep(ACCEPT_RETRY).await;
                continue;
            }
        };
        let connection = graceful.watch(connection(stream, router.clone(), limits));
        tokio::spawn(async move {
            // An error is the client's: it left, sent no HTTP, or was too slow.
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection ended");
            }
            drop(permit);
        });
    }
    drop(listener);
    tokio::select! {
        () = graceful.shutdown() => {}
        () = tokio::time::sleep(GRACE) => {
            tracing::warn!(seconds = GRACE.as_secs(), "in-flight requests aborted at shutdown");
        }
    }
    Ok(())
}

type Connection =
    http1::Connection<TokioIo<ParseErrors<Pin<Box<TimeoutWriter<TcpStream>>>>>, TowerToHyperService<Router>>;

fn connection(stream: TcpStream, router: Router, limits: ConnectionLimits) -> Connection {
    let mut stream = TimeoutWriter::new(stream);
    stream.set_timeout(Some(limits.stalled));
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header)
        .serve_connection(TokioIo::new(ParseErrors::new(Box::pin(stream))), TowerToHyperService::new(router))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";

    /// Starts a server whose response is larger than the buffers of a connection, and returns its address.
    async fn server(limits: ConnectionLimits) -> std::net::SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let router = Router::new().route("/", get(|| async { vec![b'x'; 64 * 1024 * 1024] }));
        tokio::spawn(serve(listener, router, limits, std::future::pending()));
        address
    }

    async fn request(address: std::net::SocketAddr) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.expect("it connects");
        stream.write_all(REQUEST).await.expect("sent");
        stream
    }

    #[tokio::test]
    async fn a_connection_over_the_limit_waits_until_another_ends() {
        let limits = ConnectionLimits { connections: 2, ..ConnectionLimits::default() };
        let address = server(limits).await;
        let mut served = [request(address).await, request(address).await];
        let mut start = [0; 12];
        for stream in &mut served {
            stream.read_exact(&mut start).await.expect("a response");
            assert_eq!(&start, b"HTTP/1.1 200");
        }
        let mut waiting = request(address).await;
        let early = tokio::time::timeout(Duration::from_millis(300), waiting.read(&mut start)).await;
        assert!(early.is_err(), "a third connection is served");
        drop(served);
        waiting.read_exact(&mut start).await.expect("a response");
        assert_eq!(&start, b"HTTP/1.1 200");
    }

    #[tokio::test]
    async fn a_client_that_takes_nothing_of_its_response_is_disconnected() {
        let limits =
            ConnectionLimits { connections: 1, stalled: Duration::from_millis(200), ..ConnectionLimits::default() };
        let address = server(limits).await;
        let stalled = request(address).await;
        // The only connection becomes free although the first client holds its end open.
        let mut start = [0; 12];
        request(address).await.read_exact(&mut start).await.expect("a response");
        assert_eq!(&start, b"HTTP/1.1 200");
        drop(stalled);
    }
}
