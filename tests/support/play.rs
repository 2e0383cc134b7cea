//! A server on loopback that plays whatever servers of feeds do.

#![allow(dead_code, reason = "each test binary uses a part")]

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

/// What was asked of the server: the path, the headers in lower case, and the body.
type Asked = (String, BTreeMap<String, String>, String);

/// The server's play: what it answers to a path.
#[derive(Clone, Default)]
pub struct Play {
    answers: Arc<Mutex<BTreeMap<String, Act>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

#[derive(Clone)]
pub enum Act {
    /// Status line, headers, body.
    Answer(String, Vec<(String, String)>, Vec<u8>),
    /// Whatever bytes.
    Bytes(Vec<u8>),
    /// Bytes without an end.
    Endless,
    /// The feed, or that it is as it was, by its ETag.
    Feed(String, Vec<u8>),
    /// The same after a while.
    Slow(Duration, String, Vec<u8>),
}

pub fn answer(status: &str, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Act {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Act::Answer(status.to_owned(), headers, body.into())
}

impl Play {
    pub async fn begin() -> (Self, SocketAddr) {
        Self::begin_at(Ipv4Addr::LOCALHOST).await
    }

    pub async fn begin_at(address: Ipv4Addr) -> (Self, SocketAddr) {
        let play = Self::default();
        let listener = TcpListener::bind((address, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let playing = play.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(playing.clone().serve(stream));
            }
        });
        (play, address)
    }

    pub fn set(&self, path: &str, act: Act) {
        self.answers.lock().expect("no thread panicked").insert(path.to_owned(), act);
    }

    pub fn asked(&self, path: &str) -> Vec<BTreeMap<String, String>> {
        let asked = self.asked.lock().expect("no thread panicked");
        asked.iter().filter(|it| it.0 == path).map(|it| it.1.clone()).collect()
    }

    /// The bodies that were sent to a path.
    pub fn bodies(&self, path: &str) -> Vec<String> {
        let asked = self.asked.lock().expect("no thread panicked");
        asked.iter().filter(|it| it.0 == path).map(|it| it.2.clone()).collect()
    }

    async fn serve(self, mut stream: TcpStream) {
        let mut head = Vec::new();
        while !head.windows(4).any(|it| it == b"\r\n\r\n") {
            let mut some = [0; 4096];
            match stream.read(&mut some).await {
                Ok(0) | Err(_) => return,
                Ok(read) => head.extend_from_slice(&some[..read]),
            }
        }
        let end = head.windows(4).position(|it| it == b"\r\n\r\n").expect("the loop ended there") + 4;
        let mut body = head.split_off(end);
        let head = String::from_utf8_lossy(&head).into_owned();
        let mut lines = head.lines();
        let path = lines.next().and_then(|it| it.split(' ').nth(1)).unwrap_or_default().to_owned();
        let pairs = lines.filter_map(|it| it.split_once(": "));
        let headers: BTreeMap<String, String> = pairs.map(|(a, b)| (a.to_lowercase(), b.to_owned())).collect();
        let length: usize = headers.get("content-length").and_then(|it| it.parse().ok()).unwrap_or_default();
        while body.len() < length {
            let mut some = [0; 4096];
            match stream.read(&mut some).await {
                Ok(0) | Err(_) => return,
                Ok(read) => body.extend_from_slice(&some[..read]),
            }
        }
        let said = (path.clone(), headers.clone(), String::from_utf8_lossy(&body).into_owned());
        self.asked.lock().expect("no thread panicked").push(said);
        let act = self.answers.lock().expect("no thread panicked").get(&path).cloned();
        let plain = |status: &str, headers: &[(String, String)], body: &[u8]| {
            let mut all = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
            for (name, value) in headers {
                all.push_str(&format!("{name}: {value}\r\n"));
            }
            [all.as_bytes(), b"\r\n", body].concat()
        };
        let act = match act {
            Some(Act::Slow(wait, etag, body)) => {
                tokio::time::sleep(wait).await;
                Some(Act::Feed(etag, body))
            }
            act => act,
        };
        let bytes = match act {
            None | Some(Act::Slow(..)) => plain("404 Not Found", &[], b""),
            Some(Act::Answer(status, headers, body)) => plain(&status, &headers, &body),
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
                let kind = ("content-type".to_owned(), "application/rss+xml".to_owned());
                let headers_out = [("etag".to_owned(), etag.clone()), kind];
                match headers.get("if-none-match") {
                    Some(known) if *known == etag => plain("304 Not Modified", &headers_out[..1], b""),
                    _ => plain("200 OK", &headers_out, &body),
                }
            }
        };
        // A client that has enough may be gone.
        let _gone = stream.write_all(&bytes).await;
    }
}
