//! `dateline-bench serve`: requests a second of each route of `dateline serve`, compared with a static answer of the same
//! bytes from another process, under the same load and in turn.
//!
//! Each route is loaded twice: with requests that are answered for the first time, and with requests of which most were
//! answered since the last write.

use crate::{generate, measure::quantile, server::Server};
use axum::{Router, body::Bytes, extract::Path as Segment, routing::get};
use clap::Args;
use dateline::{archive::Archive, cli::CommandError, search::indexer::Indexer, store::embedded};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};
use tokio::net::TcpListener;

#[derive(Clone, Debug, Args)]
pub struct ServeOptions {
    /// Folder of an archive to serve; without it, one of generated articles is made
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Number of articles to generate
    #[arg(long, value_name = "NUMBER", default_value_t = 2_000)]
    articles: usize,
    /// Connections at one time, each with one request after the other
    #[arg(long, value_name = "NUMBER", default_value_t = 8)]
    connections: usize,
    /// Seconds for each route
    #[arg(long, value_name = "SECONDS", default_value_t = 3.0)]
    seconds: f64,
    /// Serve static answers instead, as the child of this benchmark does
    #[arg(long, hide = true)]
    static_answers: bool,
}

/// A route, and the ratio to a static answer that it must reach.
const ROUTES: [(&str, &str, f64); 11] = [
    // Next to nothing but the server's own HTTP stack.
    ("health", "/healthz", 0.0),
    ("one article", "/v1/articles/{id}", 0.0),
    ("list of 20", "/v1/articles?limit=20", 0.5),
    ("one filter", "/v1/articles?limit=20&language=en", 0.45),
    ("two filters", "/v1/articles?limit=20&language=en&has=author", 0.35),
    ("q", "/v1/articles?limit=20&q={word}", 0.25),
    ("facets with q", "/v1/facets?field=topic,person,country,source&q={word}", 0.3),
    ("highlights", "/v1/articles?limit=20&q={word}&highlight=true", 0.12),
    ("newest, page", "/", 0.3),
    ("search, page", "/?q={word}", 0.3),
    ("article, page", "/articles/{id}", 0.3),
];
/// Different paths of a route, so that no answer is the last one again.
const PATHS: usize = 64;

pub async fn run(options: &ServeOptions) -> Result<(), CommandError> {
    if options.static_answers {
        return serve_static().await;
    }
    let made = match &options.data {
        Some(_) => None,
        None => Some(generated(options.articles).await?),
    };
    let data = options.data.as_deref().or(made.as_deref()).expect("one of the two");
    let measured = measured(options, data);
    if let Some(folder) = &made {
        std::fs::remove_dir_all(folder).map_err(CommandError::io(folder.display().to_string()))?;
    }
    measured
}

/// Makes an archive of generated articles.
async fn generated(articles: usize) -> Result<PathBuf, CommandError> {
    let folder = std::env::temp_dir().join(format!("dateline-bench-serve-{}", std::process::id()));
    let open = embedded::open(&folder, embedded::Durability::Process)?;
    let archive = Archive::new(open.store.clone());
    for number in 0..articles {
        archive.ingest(generate::document(number)).await.map_err(|error| CommandError::Other(error.chain()))?;
    }
    Indexer::new(open.store.clone()).run(Duration::MAX).await?;
    Ok(folder)
}

fn measured(options: &ServeOptions, data: &Path) -> Result<(), CommandError> {
    let server = Server::start(data)?;
    let bench = std::env::current_exe().map_err(CommandError::io("the path of this program"))?;
    let child = Command::new(bench).args(["serve", "--static-answers"]).stdout(Stdio::piped()).spawn();
    let fixed = Server::announced(child.map_err(CommandError::io("the server of static answers"))?)?;
    // What is indexed only now would be indexed while it is measured.
    thread::sleep(Duration::from_secs(2));
    let (ids, words) = sample(&server.address)?;
    println!("{} connections, {} s a route", options.connections, options.seconds);
    println!("{:14} {:>7} {:>9} | {:38} | repeated", "", "bytes", "static/s", "first");
    let columns = format!("{:>9} {:>8} {:>8} {:>9}", "a second", "p50 ms", "p99 ms", "ratio");
    println!("{:14} {:>7} {:>9} | {columns:38} | {columns}", "", "", "");
    for (name, pattern, bar) in ROUTES {
        let path =
            |at: usize| pattern.replace("{id}", &ids[at % ids.len()]).replace("{word}", &words[at % words.len()]);
        let paths: Vec<String> = (0..PATHS).map(path).collect();
        let load = |address: &str, paths: &[String], repeated: bool| {
            load(address, paths, repeated, options.connections, options.seconds)
        };
        load(&server.address, &paths[..1], false)?;
        let ours = [load(&server.address, &paths, false)?, load(&server.address, &paths, true)?];
        let bytes = ours[0].bytes / ours[0].times.len().max(1);
        let theirs = load(&fixed.address, &[format!("/{bytes}")], true)?;
        let columns = ours.map(|ours| {
            let ratio = ours.rate() / theirs.rate();
            let [p50, p99] = [0.5, 0.99].map(|at| quantile(ours.times.clone(), at));
            let held = if bar == 0.0 {
                ""
            } else if ratio >= bar {
                " yes"
            } else {
                " no"
            };
            format!("{:>9.0} {p50:>8.2} {p99:>8.2} {ratio:>5.2}{held:4}", ours.rate())
        });
        let asked = if bar == 0.0 { String::new() } else { format!("at least {bar}") };
        println!("{name:14} {bytes:>7} {:>9.0} | {:38} | {:38} {asked}", theirs.rate(), columns[0], columns[1]);
    }
    Ok(())
}

/// Returns ids of articles, and words of their headlines.
fn sample(address: &str) -> Result<(Vec<String>, Vec<String>), CommandError> {
    let mut connection = Connection::open(address)?;
    let answer = connection.get("/v1/articles?limit=100&fields=id,headline", 0)?;
    let answer: serde_json::Value =
        serde_json::from_slice(&answer).map_err(|error| CommandError::Other(format!("the list: {error}")))?;
    let articles = answer["articles"].as_array().cloned().unwrap_or_default();
    let ids: Vec<String> = articles.iter().filter_map(|article| article["id"].as_str().map(str::to_owned)).collect();
    let headlines = articles.iter().filter_map(|article| article["headline"].as_str());
    let words: Vec<String> = headlines
        .flat_map(str::split_whitespace)
        .filter(|word| word.len() > 4 && word.bytes().all(|byte| byte.is_ascii_alphabetic()))
        .map(str::to_lowercase)
        .collect();
    match ids.is_empty() || words.is_empty() {
        true => Err(CommandError::Other("the archive has no article with a headline".to_owned())),
        false => Ok((ids, words)),
    }
}

struct Load {
    /// Milliseconds of each request.
    times: Vec<f64>,
    /// Bytes of all bodies.
    bytes: usize,
    seconds: f64,
}

impl Load {
    /// Requests a second.
    fn rate(&self) -> f64 {
        self.times.len() as f64 / self.seconds
    }
}

/// Sends requests on several connections for a while. What is not repeated differs in its `Accept` header.
fn load(
    address: &str,
    paths: &[String],
    repeated: bool,
    connections: usize,
    seconds: f64,
) -> Result<Load, CommandError> {
    let started = Instant::now();
    let client = |first: usize| -> Result<(Vec<f64>, usize), CommandError> {
        let mut connection = Connection::open(address)?;
        let (mut times, mut bytes) = (Vec::new(), 0);
        let mut at = first;
        while started.elapsed().as_secs_f64() < seconds {
            let asked = Instant::now();
            let accepts = if repeated { 0 } else { at };
            bytes += connection.get(&paths[at % paths.len()], accepts)?.len();
            times.push(asked.elapsed().as_secs_f64() * 1_000.0);
            at += 1;
        }
        Ok((times, bytes))
    };
    let results = thread::scope(|scope| {
        let clients: Vec<_> = (0..connections).map(|number| scope.spawn(move || client(number << 32))).collect();
        clients.into_iter().map(|client| client.join().expect("no client panics")).collect::<Result<Vec<_>, _>>()
    })?;
    let seconds = started.elapsed().as_secs_f64();
    let (times, bytes): (Vec<Vec<f64>>, Vec<usize>) = results.into_iter().unzip();
    Ok(Load { times: times.concat(), bytes: bytes.iter().sum(), seconds })
}

/// A connection that is kept open.
struct Connection {
    reader: BufReader<TcpStream>,
    request: Vec<u8>,
}

impl Connection {
    fn open(address: &str) -> Result<Self, CommandError> {
        let stream = TcpStream::connect(address).map_err(CommandError::io(address.to_owned()))?;
        stream.set_nodelay(true).map_err(CommandError::io(address.to_owned()))?;
        Ok(Self { reader: BufReader::with_capacity(64 * 1024, stream), request: Vec::new() })
    }

    /// Returns the body of a response with status 200.
    fn get(&mut self, path: &str, accepts: usize) -> Result<Vec<u8>, CommandError> {
        self.request.clear();
        let _ = write!(
            self.request,
            "GET {path} HTTP/1.1\r\nhost: localhost\r\naccept: text/html, */*;q=0.8;of={accepts}\r\n\r\n"
        );
        let failed = CommandError::io(path.to_owned());
        self.exchange().map_err(failed)
    }

    fn exchange(&mut self) -> std::io::Result<Vec<u8>> {
        self.reader.get_mut().write_all(&self.request)?;
        let mut length = 0;
        let mut line = String::new();
        self.reader.read_line(&mut line)?;
        if line.split(' ').nth(1) != Some("200") {
            return Err(std::io::Error::other(line));
        }
        loop {
            line.clear();
            self.reader.read_line(&mut line)?;
            if line.trim().is_empty() {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().map_err(std::io::Error::other)?;
            }
        }
        let mut body = vec![0; length];
        self.reader.read_exact(&mut body)?;
        Ok(body)
    }
}

/// Serves `/N`, N bytes, until the process is killed.
async fn serve_static() -> Result<(), CommandError> {
    let answer = async |Segment(bytes): Segment<usize>| Bytes::from_static(&FILLER[..bytes.min(FILLER.len())]);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(CommandError::io("a port"))?;
    let address = listener.local_addr().map_err(CommandError::io("the address"))?;
    println!("http://{address}");
    axum::serve(listener, Router::new().route("/{bytes}", get(answer)))
        .await
        .map_err(CommandError::io("static answers"))
}

static FILLER: [u8; 1024 * 1024] = [b'.'; 1024 * 1024];
