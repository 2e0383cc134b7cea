//! robots.txt (RFC 9309), for the pages that are fetched from a site. Feeds are meant to be polled, and are fetched
//! without checking it.

use super::{FetchError, FetchRequest, Fetcher};
use lru::LruCache;
use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use texting_robots::Robot;
use url::Url;

/// The user agent in robots.txt.
const AGENT: &str = "Dateline";
/// Maximum bytes of a file that are parsed: the minimum that the RFC requires.
const FILE_BYTES: usize = 500 * 1024;
/// How long a file is cached, and how long the failure to fetch one.
const CACHED_FOR: Duration = Duration::from_secs(86_400);
const RETRIED_AFTER: Duration = Duration::from_secs(600);
/// Sites whose files are cached.
const SITES: NonZeroUsize = NonZeroUsize::new(500).expect("the constant is not zero");

#[derive(Clone)]
pub struct Robots {
    sites: Arc<Mutex<LruCache<String, CachedRobots>>>,
}

/// A lookup and its time.
type CachedRobots = (Instant, Arc<RobotsLookup>);

enum RobotsLookup {
    Nothing,
    /// The file could not be fetched, so its rules are unknown.
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
    /// Whether robots.txt allows a URL. `None`: unknown for now, and not allowed until it is known.
    pub async fn allow(&self, fetcher: &Fetcher, url: &Url) -> Option<bool> {
        match &*self.lookup(fetcher, url).await {
            RobotsLookup::Nothing => Some(true),
            RobotsLookup::Unknown => None,
            RobotsLookup::Rules(robot) => Some(robot.allowed(url.as_str())),
        }
    }

    /// Returns the sitemaps that robots.txt names.
    pub async fn sitemaps(&self, fetcher: &Fetcher, url: &Url) -> Vec<Url> {
        match &*self.lookup(fetcher, url).await {
            RobotsLookup::Rules(robot) => robot.sitemaps.iter().filter_map(|sitemap| url.join(sitemap).ok()).collect(),
            RobotsLookup::Nothing | RobotsLookup::Unknown => Vec::new(),
        }
    }

    async fn lookup(&self, fetcher: &Fetcher, url: &Url) -> Arc<RobotsLookup> {
        let site = url.origin().ascii_serialization();
        let cached = self.sites.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get(&site).cloned();
        if let Some((at, lookup)) = cached
            && at.elapsed() < if matches!(*lookup, RobotsLookup::Unknown) { RETRIED_AFTER } else { CACHED_FOR }
        {
            return lookup;
        }
        let lookup = Arc::new(fetch_robots(fetcher, &site).await);
        let mut sites = self.sites.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        sites.put(site, (Instant::now(), lookup.clone()));
        lookup
    }
}

async fn fetch_robots(fetcher: &Fetcher, site: &str) -> RobotsLookup {
    match fetcher.fetch(&format!("{site}/robots.txt"), &FetchRequest::default()).await {
        Ok(fetched) => {
            let file = fetched.content.unwrap_or_default();
            let rules = Robot::new(AGENT, &file[..file.len().min(FILE_BYTES)]);
            // A file that cannot be parsed has no rules.
            rules.map_or(RobotsLookup::Nothing, RobotsLookup::Rules)
        }
        Err(FetchError::Status { status, .. }) if status.is_client_error() && status.as_u16() != 429 => {
            RobotsLookup::Nothing
        }
        Err(_) => RobotsLookup::Unknown,
    }
}
