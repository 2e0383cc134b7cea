//! `dateline-bench poll`: polls many feeds from its own server on loopback, some of which misbehave. The first round
//! ingests everything; the second should get only 304 answers. The ingested articles are compared with the entries
//! served.

use crate::measure;
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Path, State},
    response::{IntoResponse, Response},
    routing::get,
};
use clap::Args;
use dateline::fetch::{AddressPolicy, Fetcher};
use dateline::{
    archive::Archive,
    article::Instant,
    cli::CommandError,
    query::{self, ListQuery},
    sources::{
        Source, SourceSettings,
        poll::{PollReport, Poller},
    },
    store::embedded,
};
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
pub struct PollOptions {
    /// Number of feeds
    #[arg(long, value_name = "NUMBER", default_value_t = 1_000)]
    sources: usize,
    /// Entries per feed
    #[arg(long, value_name = "NUMBER", default_value_t = 30)]
    entries: usize,
}

/// Number of 127.0.0.0/8 addresses that serve the feeds: each counts as a host with its own request delay.
const HOSTS: usize = 200;
/// One in this many feeds misbehaves.
const BAD: usize = 25;
/// Delay between two requests to one host. Real hosts get a second; these can take more load.
const HOST_DELAY: Duration = Duration::from_millis(20);
const SLOW: Duration = Duration::from_secs(3);
/// Decompressed size, larger than any document may be.
const BOMB_BYTES: usize = 64 * 1024 * 1024;

/// How a feed behaves.
#[derive(Clone, Copy, PartialEq)]
enum Behaviour {
    Good,
    Slow,
    Redirecting,
    Overloaded,
    Broken,
    Truncated,
    Endless,
    Bomb,
}

const MISBEHAVIOUR: [Behaviour; 7] = [
    Behaviour::Slow,
    Behaviour::Redirecting,
    Behaviour::Overloaded,
    Behaviour::Broken,
    Behaviour::Truncated,
    Behaviour::Endless,
    Behaviour::Bomb,
];

fn behaviour(source: usize) -> Behaviour {
    if source.is_multiple_of(BAD) { MISBEHAVIOUR[source / BAD % MISBEHAVIOUR.len()] } else { Behaviour::Good }
}

impl Behaviour {
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
    /// Returns and resets the counts of full feeds, 304 answers and other answers.
    fn take(&self) -> [usize; 3] {
        [&self.whole, &self.unchanged, &self.other].map(|counter| counter.swap(0, Ordering::Relaxed))
    }
}

pub async fn run(options: &PollOptions) -> Result<(), CommandError> {
    let mut zip = GzEncoder::new(Vec::new(), Compression::best());
    zip.write_all(&vec![b' '; BOMB_BYTES]).and_then(|()| zip.flush()).map_err(CommandError::io("in memory"))?;
    let bomb = zip.finish().map_err(CommandError::io("in memory"))?.into();
    let served = Arc::new(Served { entries: options.entries, bomb, ..Served::default() });
    let mut addresses = Vec::new();
    for host in 0..HOSTS.min(options.sources) {
        let [_, high, low, _] = u32::try_from(host + 256).unwrap_or_default().to_be_bytes();
        let listener = TcpListener::bind((Ipv4Addr::new(127, 1 + high, low, 1), 0)).await;
        let listener = listener.map_err(CommandError::io("an address of 127.0.0.0/8"))?;
        addresses.push(listener.local_addr().map_err(CommandError::io("its address"))?);
        let routes = Router::new().route("/{source}", get(feed)).with_state(served.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
    }

    let folder = std::env::temp_dir().join(format!("dateline-bench-poll-{}", std::process::id()));
    let data = embedded::open(&folder, embedded::Durability::Process)?;
    let store = data.store.clone();
    let archive = Archive::new(store.clone());
    let mut expected = 0;
    for number in 0..options.sources {
        let mut source = Source::new(SourceSettings::new(url(number, &addresses)), Instant::now());
        source.add(&store).await?;
        expected += if behaviour(number).brings_entries() { options.entries } else { 0 };
    }
    let fetcher = Fetcher::new(AddressPolicy::Private).map_err(|error| CommandError::Other(error.to_string()))?;
    let poller = Poller::new(archive, fetcher, HOST_DELAY);
    let bad = (0..options.sources).filter(|number| !behaviour(*number).brings_entries()).count();
    println!(
        "{} feeds of {} entries on {} hosts, {bad} of which never serve them",
        options.sources,
        options.entries,
        addresses.len()
    );
    let peak = || measure::peak_bytes(Some(std::process::id())) as f64 / 1e6;
    let before = peak();
    for round in ["first", "second"] {
        let started = Clock::now();
        let totals = poll_all(&poller).await?;
        let [whole, unchanged, other] = served.take();
        println!(
            "  {round:6} round {:6.1} s: {} polled, {} failed, {} ingested; served {whole} in full, {unchanged} as 304, {other} other",
            started.elapsed().as_secs_f64(),
            totals.polled,
            totals.failed,
            totals.ingested,
        );
        for mut source in Source::all(&store).await?.into_iter().filter(|source| source.health.failures == 0) {
            source.next_poll_at = Some(Instant::now());
            store.put_record(dateline::store::RecordKind::Source, source.record.as_ref(), &source.to_record()).await?;
        }
    }
    println!("  {} articles from {expected} served entries", count(&store).await?);
    println!("  peak memory {:.0} MB, {before:.0} MB before", peak());
    drop(data);
    std::fs::remove_dir_all(&folder).map_err(CommandError::io("the archive cannot be removed"))?;
    Ok(())
}

fn url(number: usize, addresses: &[SocketAddr]) -> String {
    format!("http://{}/{number}", addresses[number % addresses.len()])
}

async fn poll_all(poller: &Poller) -> Result<PollReport, CommandError> {
    let mut all = PollReport::default();
    loop {
        let round = poller.round().await?;
        if round.polled == 0 {
            return Ok(all);
        }
        all = all.and(round);
    }
}

async fn count(store: &dateline::store::Store) -> Result<usize, CommandError> {
    let mut query = ListQuery::newest(query::Filter::default());
    query.limit = dateline::limits::PAGE_MAX;
    let mut total = 0;
    loop {
        let page = query::page(store, &query).await?;
        total += page.cards.len();
        let Some(next) = page.next else { return Ok(total) };
        query.after = Some(next);
    }
}

async fn feed(State(served): State<Arc<Served>>, Path(source): Path<String>, headers: HeaderMap) -> Response {
    let moved = source.strip_prefix("moved-");
    let number: usize = moved.unwrap_or(&source).parse().unwrap_or_default();
    let behaviour = if moved.is_some() { Behaviour::Good } else { behaviour(number) };
    let etag = format!("\"{source}\"");
    let document = || rss(number, served.entries);
    let other = |response: Response| {
        served.other.fetch_add(1, Ordering::Relaxed);
        response
    };
    match behaviour {
        Behaviour::Overloaded => {
            return other((StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "3600")]).into_response());
        }
        Behaviour::Broken => return other(StatusCode::INTERNAL_SERVER_ERROR.into_response()),
        Behaviour::Redirecting => {
            let to = [(header::LOCATION, format!("/moved-{number}"))];
            return other((StatusCode::MOVED_PERMANENTLY, to).into_response());
        }
        Behaviour::Truncated => {
            let half = document()[..200].to_owned();
            return other(
                (
                    [(header::CONTENT_LENGTH, "100000")],
                    Body::from_stream(futures::stream::iter([Ok(half), Err(std::io::Error::other("cut off"))])),
                )
                    .into_response(),
            );
        }
        Behaviour::Endless => {
            let blanks = futures::stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(&[b' '; 65_536])));
            return other(Body::from_stream(blanks).into_response());
        }
        Behaviour::Bomb => return other(([(header::CONTENT_ENCODING, "gzip")], served.bomb.clone()).into_response()),
        Behaviour::Slow => tokio::time::sleep(SLOW).await,
        Behaviour::Good => {}
    }
    if headers.get(header::IF_NONE_MATCH).is_some_and(|header| header.as_bytes() == etag.as_bytes()) {
        served.unchanged.fetch_add(1, Ordering::Relaxed);
        return StatusCode::NOT_MODIFIED.into_response();
    }
    served.whole.fetch_add(1, Ordering::Relaxed);
    ([(header::CONTENT_TYPE, "application/rss+xml"), (header::ETAG, etag.as_str())], document()).into_response()
}

/// Returns a body that resembles no other: near-duplicates would form one story, whose cost is not measured here.
fn article_body(number: usize) -> String {
    const SYLLABLES: [&str; 16] =
        ["ta", "ri", "mon", "sel", "qua", "der", "lin", "por", "vas", "ne", "gol", "hu", "bri", "zam", "cor", "fel"];
    let mut state = number as u64 + 1;
    let mut next = |bound: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % bound
    };
    let mut body = String::new();
    for _ in 0..6 {
        body.push_str("The ");
        for _ in 0..12 {
            (0..2 + next(2)).for_each(|_| body.push_str(SYLLABLES[next(SYLLABLES.len())]));
            body.push(' ');
        }
        body.push_str("came on Monday. ");
    }
    body
}

fn rss(source: usize, entries: usize) -> String {
    let entry = |number: usize| {
        let line = source * entries + number;
        let body = article_body(line);
        format!(
            "<item><guid>{line}</guid><link>http://gazette-{source}.example/{line}</link><title>Tram line {line} returns</title>\
             <description>&lt;p&gt;LISBON: {body}&lt;/p&gt;</description></item>"
        )
    };
    let entries: String = (0..entries).map(entry).collect();
    format!("<rss version=\"2.0\"><channel><title>Gazette {source}</title>{entries}</channel></rss>")
}
