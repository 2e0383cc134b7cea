//! Whatever is asked of the web, at one pace for each host, and pages only where robots may go.

use super::{
    fetch::{FetchError, Fetched, Fetcher, Request},
    robots::Robots,
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::Instant;
use url::Url;

/// Between two requests to one host, where nothing else is said.
pub const PACE: Duration = Duration::from_secs(1);
/// Hosts whose last request is remembered; one that is forgotten was asked long ago.
const HOSTS: usize = 10_000;

#[derive(Clone, Debug)]
pub struct Web {
    fetcher: Fetcher,
    robots: Robots,
    pace: Duration,
    /// When a host may be asked again.
    free: Arc<Mutex<HashMap<String, Instant>>>,
}

pub enum Answered {
    Page(Box<Fetched>),
    /// Its site asks robots to stay away.
    Refused,
    /// What its site asks cannot be told now.
    Unknown,
}

impl Web {
    pub fn new(fetcher: Fetcher, pace: Duration) -> Self {
        Self { fetcher, robots: Robots::default(), pace, free: Arc::default() }
    }

    pub fn fetcher(&self) -> &Fetcher {
        &self.fetcher
    }

    pub async fn fetch(&self, url: &str, request: &Request) -> Result<Fetched, FetchError> {
        let host = Url::parse(url).ok().and_then(|it| it.host_str().map(str::to_owned)).unwrap_or_default();
        tokio::time::sleep_until(self.turn(host)).await;
        self.fetcher.fetch(url, request).await
    }

    /// A page, if its site lets robots have it.
    pub async fn page(&self, url: &Url) -> Result<Answered, FetchError> {
        match self.robots.allow(&self.fetcher, url).await {
            Some(true) => self.fetch(url.as_str(), &Request::default()).await.map(|it| Answered::Page(Box::new(it))),
            Some(false) => Ok(Answered::Refused),
            None => Ok(Answered::Unknown),
        }
    }

    /// The sitemaps that a page's site names to robots.
    pub async fn sitemaps(&self, url: &Url) -> Vec<Url> {
        self.robots.sitemaps(&self.fetcher, url).await
    }

    /// Takes the next free moment of a host.
    fn turn(&self, host: String) -> Instant {
        let now = Instant::now();
        let mut free = self.free.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if free.len() >= HOSTS {
            free.retain(|_, at| *at > now);
        }
        let turn = free.get(&host).map_or(now, |it| now.max(*it));
        free.insert(host, turn + self.pace);
        turn
    }
}
