//! A mock server on loopback that behaves as feed servers do, well or badly.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// A received request: its path, its headers with names in lower case, and its body.
type ReceivedRequest = (String, BTreeMap<String, String>, String);

/// The responses of the server by path, and the requests that it received.
#[derive(Clone, Default)]
pub struct MockServer {
    answers: Arc<Mutex<BTreeMap<String, Act>>>,
    received: Arc<Mutex<Vec<ReceivedRequest>>>,
}

#[derive(Clone)]
pub enum Act {
    /// Status line, headers, body.
    Answer(String, Vec<(String, String)>, Vec<u8>),
    /// Arbitrary bytes instead of an HTTP response.
    Bytes(Vec<u8>),
    /// A response that never ends.
    Endless,
    /// An ETag and a feed: `304 Not Modified` if the request has this ETag.
    Feed(String, Vec<u8>),
    /// The same after a delay.
    Slow(Duration, String, Vec<u8>),
}

pub fn answer(status: &str, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Act {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Act::Answer(status.to_owned(), headers, body.into())
}

impl MockServer {
    pub async fn begin() -> (Self, SocketAddr) {
        Self::begin_at(Ipv4Addr::LOCALHOST).await
    }

    pub async fn begin_at(address: Ipv4Addr) -> (Self, SocketAddr) {
        let server = Self::default();
        let listener = TcpListener::bind((address, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let accepting = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(accepting.clone().serve(stream));
            }
        });
        (server, address)
    }

    pub fn set(&self, path: &str, act: Act) {
        self.answers.lock().expect("no thread panicked").insert(path.to_owned(), act);
    }

    /// Returns the headers of the requests for a path.
    pub fn asked(&self, path: &str) -> Vec<BTreeMap<String, String>> {
        let received = self.received.lock().expect("no thread panicked");
        received.iter().filter(|request| request.0 == path).map(|request| request.1.clone()).collect()
    }

    /// Returns the bodies of the requests for a path.
    pub fn bodies(&self, path: &str) -> Vec<String> {
        let received = self.received.lock().expect("no thread panicked");
        received.iter().filter(|request| request.0 == path).map(|request| request.2.clone()).collect()
    }

    async fn serve(self, mut stream: TcpStream) {
        let mut head = Vec::new();
        while !head.windows(4).any(|window| window == b"\r\n\r\n") {
            let mut buffer = [0; 4096];
            match stream.read(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(read) => head.extend_from_slice(&buffer[..read]),
            }
        }
        let end = head.windows(4).position(|window| window == b"\r\n\r\n").expect("the loop ended there") + 4;
        let mut body = head.split_off(end);
        let head = String::from_utf8_lossy(&head).into_owned();
        let mut lines = head.lines();
        let path = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap_or_default().to_owned();
        let pairs = lines.filter_map(|line| line.split_once(": "));
        let headers: BTreeMap<String, String> =
            pairs.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        let length: usize = headers.get("content-length").and_then(|header| header.parse().ok()).unwrap_or_default();
        while body.len() < length {
            let mut buffer = [0; 4096];
            match stream.read(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(read) => body.extend_from_slice(&buffer[..read]),
            }
        }
        let request = (path.clone(), headers.clone(), String::from_utf8_lossy(&body).into_owned());
        self.received.lock().expect("no thread panicked").push(request);
        let act = self.answers.lock().expect("no thread panicked").get(&path).cloned();
        let response = |status: &str, headers: &[(String, String)], body: &[u8]| {
            let mut head = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
            for (name, value) in headers {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
            [head.as_bytes(), b"\r\n", body].concat()
        };
        let act = match act {
            Some(Act::Slow(wait, etag, body)) => {
                tokio::time::sleep(wait).await;
                Some(Act::Feed(etag, body))
            }
            act => act,
        };
        let bytes = match act {
            None | Some(Act::Slow(..)) => response("404 Not Found", &[], b""),
            Some(Act::Answer(status, headers, body)) => response(&status, &headers, &body),
            Some(Act::Bytes(bytes)) => bytes,
            Some(Act::Endless) => {
                let head = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: application/rss+xml\r\n\r\n<rss>";
                let mut sent = stream.write_all(head).await;
                while sent.is_ok() {
                    sent = stream.write_all(&[b' '; 65_536]).await;
                }
                return;
            }
            Some(Act::Feed(etag, body)) => {
                let content_type = ("content-type".to_owned(), "application/rss+xml".to_owned());
                let response_headers = [("etag".to_owned(), etag.clone()), content_type];
                match headers.get("if-none-match") {
                    Some(requested) if *requested == etag => response("304 Not Modified", &response_headers[..1], b""),
                    _ => response("200 OK", &response_headers, &body),
                }
            }
        };
        // A client that has read enough may have closed the connection.
        let _disconnected = stream.write_all(&bytes).await;
    }
}
