//! A web client that limits the request rate for each host, and fetches pages only where robots.txt allows it.

use super::{FetchError, FetchRequest, Fetched, Fetcher, robots::Robots};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::Instant;
use url::Url;

/// The default delay between two requests to one host.
pub const HOST_DELAY: Duration = Duration::from_secs(1);
/// Hosts to remember before those whose delay is over are forgotten.
const HOSTS: usize = 10_000;

#[derive(Clone, Debug)]
pub struct PoliteClient {
    fetcher: Fetcher,
    robots: Robots,
    pace: Duration,
    /// When each host may be requested again.
    free: Arc<Mutex<HashMap<String, Instant>>>,
}

pub enum Answered {
    Page(Box<Fetched>),
    /// The site's robots.txt disallows the page.
    Refused,
    /// The site's robots.txt is not available now.
    Unknown,
}

impl PoliteClient {
    pub fn new(fetcher: Fetcher, pace: Duration) -> Self {
        Self { fetcher, robots: Robots::default(), pace, free: Arc::default() }
    }

    pub fn fetcher(&self) -> &Fetcher {
        &self.fetcher
    }

    pub async fn fetch(&self, url: &str, request: &FetchRequest) -> Result<Fetched, FetchError> {
        let host = Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
        tokio::time::sleep_until(self.turn(host)).await;
        self.fetcher.fetch(url, request).await
    }

    /// Fetches a page, if its site's robots.txt allows it.
    pub async fn page(&self, url: &Url) -> Result<Answered, FetchError> {
        match self.robots.allow(&self.fetcher, url).await {
            Some(true) => {
                self.fetch(url.as_str(), &FetchRequest::default()).await.map(|page| Answered::Page(Box::new(page)))
            }
            Some(false) => Ok(Answered::Refused),
            None => Ok(Answered::Unknown),
        }
    }

    /// Returns the sitemaps that the site's robots.txt names.
    pub async fn sitemaps(&self, url: &Url) -> Vec<Url> {
        self.robots.sitemaps(&self.fetcher, url).await
    }

    /// Reserves the next free time slot of a host.
    fn turn(&self, host: String) -> Instant {
        let now = Instant::now();
        let mut free = self.free.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if free.len() >= HOSTS {
            free.retain(|_, at| *at > now);
        }
        let turn = free.get(&host).map_or(now, |free| now.max(*free));
        free.insert(host, turn + self.pace);
        turn
    }
}
