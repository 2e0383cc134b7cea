//! An archive, its poller, and the mock server that it polls.

use crate::support::{Server, mock_server::MockServer, request};
use dateline::{
    fetch::{AddressPolicy, Fetcher},
    sources::poll::Poller,
};
use serde_json::Value;
use std::{net::SocketAddr, time::Duration};

pub fn rss(entries: std::ops::Range<usize>) -> Vec<u8> {
    let entry = |number: usize| {
        format!(
            "<item><guid>story-{number}</guid><title>Tram line {number} returns</title>\
             <link>https://gazette.example/{number}</link>\
             <description>The tram of line {number} ran again on Monday, after a pause of two years.</description></item>"
        )
    };
    let items: String = entries.map(entry).collect();
    format!("<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Gazette</title>{items}</channel></rss>")
        .into_bytes()
}

/// Delay between requests to one host: the mock server needs no protection.
const HOST_DELAY: Duration = Duration::from_millis(1);

pub fn local() -> Fetcher {
    Fetcher::new(AddressPolicy::Private).expect("a fetcher")
}

/// An archive, its poller, and the server that it polls.
pub struct Stage {
    pub server: Server,
    pub poller: Poller,
    pub play: MockServer,
    pub address: SocketAddr,
}

impl Stage {
    pub async fn new() -> Self {
        let server = Server::new().await;
        let poller = Poller::new(server.archive.clone(), local(), HOST_DELAY);
        let (play, address) = MockServer::begin().await;
        Self { server, poller, play, address }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub async fn add(&self, settings: Value) -> Value {
        let body = settings.to_string();
        let answer = self.server.call(request("POST", "/v1/sources", &[], body.into())).await;
        assert_eq!(answer.status.as_u16(), 201, "{}", answer.text());
        let source = answer.json();
        assert_eq!(answer.header("location"), format!("/v1/sources/{}", source["id"].as_str().expect("an id")));
        source
    }

    pub async fn poll(&self, source: &Value) -> Value {
        let path = format!("/v1/sources/{}", source["id"].as_str().expect("an id"));
        let answer = self.server.call(request("POST", &format!("{path}/poll"), &[], "".into())).await;
        assert_eq!(answer.status.as_u16(), 202);
        self.poller.round().await.expect("polled");
        self.server.get(&path).await.json()
    }

    pub async fn articles(&self) -> usize {
        self.server.walk("/v1/articles?fields=id&limit=100").await.len()
    }
}
