//! What a site asks of robots (RFC 9309), for the pages that are fetched from it. A feed is there to be polled, and is
//! asked for without asking.

use super::fetch::{FetchError, Fetcher, Request};
use lru::LruCache;
use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use texting_robots::Robot;
use url::Url;

/// As which it is addressed.
const AGENT: &str = "Dateline";
/// Of a longer file the beginning counts: as much as the RFC has read at least.
const FILE_BYTES: usize = 500 * 1024;
/// How long a file is believed; and how long one that was not to be had.
const BELIEVED: Duration = Duration::from_secs(86_400);
const TRIED_AGAIN: Duration = Duration::from_secs(600);
/// Sites whose files are kept.
const SITES: NonZeroUsize = NonZeroUsize::new(500).expect("more than none");

#[derive(Clone)]
pub struct Robots {
    sites: Arc<Mutex<LruCache<String, Known>>>,
}

/// And when it was asked.
type Known = (Instant, Arc<Asked>);

enum Asked {
    Nothing,
    /// The server fails: it may ask anything.
    Unknown,
    Rules(Robot),
}

impl Default for Robots {
    fn default() -> Self {
        Self { sites: Arc::new(Mutex::new(LruCache::new(SITES))) }
    }
}

impl std::fmt::Debug for Robots {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Robots").finish_non_exhaustive()
    }
}

impl Robots {
    /// `None`: it cannot be told now, and nothing is allowed until it can.
    pub async fn allow(&self, fetcher: &Fetcher, url: &Url) -> Option<bool> {
        match &*self.asked(fetcher, url).await {
            Asked::Nothing => Some(true),
            Asked::Unknown => None,
            Asked::Rules(robot) => Some(robot.allowed(url.as_str())),
        }
    }

    /// The sitemaps that it names.
    pub async fn sitemaps(&self, fetcher: &Fetcher, url: &Url) -> Vec<Url> {
        match &*self.asked(fetcher, url).await {
            Asked::Rules(robot) => robot.sitemaps.iter().filter_map(|it| url.join(it).ok()).collect(),
            Asked::Nothing | Asked::Unknown => Vec::new(),
        }
    }

    async fn asked(&self, fetcher: &Fetcher, url: &Url) -> Arc<Asked> {
        let site = url.origin().ascii_serialization();
        let known = self.sites.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get(&site).cloned();
        if let Some((at, asked)) = known
            && at.elapsed() < if matches!(*asked, Asked::Unknown) { TRIED_AGAIN } else { BELIEVED }
        {
            return asked;
        }
        let asked = Arc::new(ask(fetcher, &site).await);
        let mut sites = self.sites.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        sites.put(site, (Instant::now(), asked.clone()));
        asked
    }
}

async fn ask(fetcher: &Fetcher, site: &str) -> Asked {
    match fetcher.fetch(&format!("{site}/robots.txt"), &Request::default()).await {
        Ok(fetched) => {
            let file = fetched.content.unwrap_or_default();
            let rules = Robot::new(AGENT, &file[..file.len().min(FILE_BYTES)]);
            // What is no such file asks nothing.
            rules.map_or(Asked::Nothing, Asked::Rules)
        }
        Err(FetchError::Status { status, .. }) if status.is_client_error() && status.as_u16() != 429 => Asked::Nothing,
        Err(_) => Asked::Unknown,
    }
}
