//! `dateline bench poll`: many feeds from a server of its own on loopback, some of which misbehave. The first round takes
//! everything, the second is to be answered by 304 alone. What was ingested is counted against what was served.

use super::measure;
use crate::{
    archive::Archive,
    article::Instant,
    cli::{Failure, say},
    query::{self, ListQuery},
    sources::{
        Settings, Source,
        fetch::{Fetcher, Reach},
        poll::{Poller, Round},
    },
    store::embedded,
};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Path, State},
    response::{IntoResponse, Response},
    routing::get,
};
use clap::Args;
use flate2::{Compression, write::GzEncoder};
use http::{HeaderMap, StatusCode, header};
use std::{
    io::Write,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant as Clock},
};
use tokio::net::TcpListener;

#[derive(Clone, Debug, Args)]
pub struct Options {
    /// How many feeds
    #[arg(long, value_name = "NUMBER", default_value_t = 1_000)]
    sources: usize,
    /// Entries in each
    #[arg(long, value_name = "NUMBER", default_value_t = 30)]
    entries: usize,
}

/// Addresses of 127.0.0.0/8 that the feeds are spread over: each is a host, with a pace of its own.
const HOSTS: usize = 200;
/// One in so many misbehaves.
const BAD: usize = 25;
/// Between two requests to one host. Those of others would take a second's; these take no harm.
const PACE: Duration = Duration::from_millis(20);
const SLOW: Duration = Duration::from_secs(3);
/// Unpacked, more than any document may be.
const BOMB_BYTES: usize = 64 * 1024 * 1024;

/// What a feed does.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    Good,
    Slow,
    Redirecting,
    Overloaded,
    Broken,
    Truncated,
    Endless,
    Bomb,
}

const MISBEHAVIOUR: [Manner; 7] = [
    Manner::Slow,
    Manner::Redirecting,
    Manner::Overloaded,
    Manner::Broken,
    Manner::Truncated,
    Manner::Endless,
    Manner::Bomb,
];

fn manner(source: usize) -> Manner {
    if source.is_multiple_of(BAD) { MISBEHAVIOUR[source / BAD % MISBEHAVIOUR.len()] } else { Manner::Good }
}

impl Manner {
    fn brings_entries(self) -> bool {
        matches!(self, Self::Good | Self::Slow | Self::Redirecting)
    }
}

#[derive(Default)]
struct Served {
    entries: usize,
    whole: AtomicUsize,
    unchanged: AtomicUsize,
    other: AtomicUsize,
    bomb: Bytes,
}

impl Served {
    /// Feeds served whole, answers that one is as it was, and others; since the last time.
    fn take(&self) -> [usize; 3] {
        [&self.whole, &self.unchanged, &self.other].map(|it| it.swap(0, Ordering::Relaxed))
    }
}

pub async fn run(options: &Options) -> Result<(), Failure> {
    let mut zip = GzEncoder::new(Vec::new(), Compression::best());
    zip.write_all(&vec![b' '; BOMB_BYTES]).and_then(|()| zip.flush()).map_err(Failure::io("in memory"))?;
    let bomb = zip.finish().map_err(Failure::io("in memory"))?.into();
    let served = Arc::new(Served { entries: options.entries, bomb, ..Served::default() });
    let mut addresses = Vec::new();
    for host in 0..HOSTS.min(options.sources) {
        let [_, high, low, _] = u32::try_from(host + 256).unwrap_or_default().to_be_bytes();
        let listener = TcpListener::bind((Ipv4Addr::new(127, 1 + high, low, 1), 0)).await;
        let listener = listener.map_err(Failure::io("an address of 127.0.0.0/8"))?;
        addresses.push(listener.local_addr().map_err(Failure::io("its address"))?);
        let routes = Router::new().route("/{source}", get(feed)).with_state(served.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
    }

    let folder = std::env::temp_dir().join(format!("dateline-bench-poll-{}", std::process::id()));
    let data = embedded::open(&folder, embedded::Durability::Process).await?;
    let store = data.store.clone();
    let archive = Archive::new(store.clone());
    let mut expected = 0;
    for number in 0..options.sources {
        let mut source = Source::new(Settings::new(url(number, &addresses)), Instant::now());
        source.add(&store).await?;
        expected += if manner(number).brings_entries() { options.entries } else { 0 };
    }
    let fetcher = Fetcher::new(Reach::Private).map_err(|error| Failure::Other(error.to_string()))?;
    let poller = Poller::new(archive, fetcher, PACE);
    let bad = (0..options.sources).filter(|it| !manner(*it).brings_entries()).count();
    say(format_args!(
        "{} feeds of {} entries on {} hosts, {bad} of which never bring them",
        options.sources,
        options.entries,
        addresses.len()
    ));
    let peak = || measure::peak_bytes(Some(std::process::id())) as f64 / 1e6;
    let before = peak();
    for round in ["first", "second"] {
        let begun = Clock::now();
        let came_to = poll_all(&poller).await?;
        let [whole, unchanged, other] = served.take();
        say(format_args!(
            "  {round:6} round {:6.1} s: {} polled, {} failed, {} ingested; served {whole} whole, {unchanged} by 304, {other} others",
            begun.elapsed().as_secs_f64(),
            came_to.polled,
            came_to.failed,
            came_to.ingested,
        ));
        for mut source in Source::all(&store).await?.into_iter().filter(|it| it.health.failures == 0) {
            source.next_poll_at = Some(Instant::now());
            store.put_record(crate::store::Kind::Source, source.record.as_ref(), &source.to_record()).await?;
        }
    }
    say(format_args!("  {} articles of {expected} entries that were served", count(&store).await?));
    say(format_args!("  peak memory {:.0} MB, {before:.0} MB before", peak()));
    drop(data);
    std::fs::remove_dir_all(&folder).map_err(Failure::io("the archive cannot be removed"))?;
    Ok(())
}

fn url(number: usize, addresses: &[SocketAddr]) -> String {
    format!("http://{}/{number}", addresses[number % addresses.len()])
}

async fn poll_all(poller: &Poller) -> Result<Round, Failure> {
    let mut all = Round::default();
    loop {
        let round = poller.round().await?;
        if round.polled == 0 {
            return Ok(all);
        }
        all = all.and(round);
    }
}

async fn count(store: &crate::store::Store) -> Result<usize, Failure> {
    let mut query = ListQuery::newest(query::Filter::default());
    query.limit = query::parameters::LIMIT_MAX;
    let mut found = 0;
    loop {
        let page = query::page(store, &query).await?;
        found += page.cards.len();
        let Some(next) = page.next else { return Ok(found) };
        query.after = Some(next);
    }
}

async fn feed(State(served): State<Arc<Served>>, Path(source): Path<String>, headers: HeaderMap) -> Response {
    let moved = source.strip_prefix("moved-");
    let number: usize = moved.unwrap_or(&source).parse().unwrap_or_default();
    let manner = if moved.is_some() { Manner::Good } else { manner(number) };
    let etag = format!("\"{source}\"");
    let document = || rss(number, served.entries);
    let other = |response: Response| {
        served.other.fetch_add(1, Ordering::Relaxed);
        response
    };
    match manner {
        Manner::Overloaded => {
            return other((StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "3600")]).into_response());
        }
        Manner::Broken => return other(StatusCode::INTERNAL_SERVER_ERROR.into_response()),
        Manner::Redirecting => {
            let to = [(header::LOCATION, format!("/moved-{number}"))];
            return other((StatusCode::MOVED_PERMANENTLY, to).into_response());
        }
        Manner::Truncated => {
            let half = document()[..200].to_owned();
            return other(
                (
                    [(header::CONTENT_LENGTH, "100000")],
                    Body::from_stream(futures::stream::iter([Ok(half), Err(std::io::Error::other("cut off"))])),
                )
                    .into_response(),
            );
        }
        Manner::Endless => {
            let blanks = futures::stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(&[b' '; 65_536])));
            return other(Body::from_stream(blanks).into_response());
        }
        Manner::Bomb => return other(([(header::CONTENT_ENCODING, "gzip")], served.bomb.clone()).into_response()),
        Manner::Slow => tokio::time::sleep(SLOW).await,
        Manner::Good => {}
    }
    if headers.get(header::IF_NONE_MATCH).is_some_and(|it| it.as_bytes() == etag.as_bytes()) {
        served.unchanged.fetch_add(1, Ordering::Relaxed);
        return StatusCode::NOT_MODIFIED.into_response();
    }
    served.whole.fetch_add(1, Ordering::Relaxed);
    ([(header::CONTENT_TYPE, "application/rss+xml"), (header::ETAG, etag.as_str())], document()).into_response()
}

/// No two of them alike: what is alike is one story, which is another matter's cost.
fn story(number: usize) -> String {
    const SYLLABLES: [&str; 16] =
        ["ta", "ri", "mon", "sel", "qua", "der", "lin", "por", "vas", "ne", "gol", "hu", "bri", "zam", "cor", "fel"];
    let mut state = number as u64 + 1;
    let mut next = |bound: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % bound
    };
    let mut story = String::new();
    for _ in 0..6 {
        story.push_str("The ");
        for _ in 0..12 {
            (0..2 + next(2)).for_each(|_| story.push_str(SYLLABLES[next(SYLLABLES.len())]));
            story.push(' ');
        }
        story.push_str("came on Monday. ");
    }
    story
}

fn rss(source: usize, entries: usize) -> String {
    let entry = |number: usize| {
        let line = source * entries + number;
        let story = story(line);
        format!(
            "<item><guid>{line}</guid><link>http://gazette-{source}.example/{line}</link><title>Tram line {line} returns</title>\
             <description>&lt;p&gt;LISBON: {story}&lt;/p&gt;</description></item>"
        )
    };
    let entries: String = (0..entries).map(entry).collect();
    format!("<rss version=\"2.0\"><channel><title>Gazette {source}</title>{entries}</channel></rss>")
}
