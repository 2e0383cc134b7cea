//! `dateline-bench overload`: many clients post a long page at the same moment to `dateline serve`, whose binary is next
//! to this one. Prints the responses by status, the slowest, and the server's memory at its peak and afterwards.

use crate::{measure, server::Server};
use clap::Args;
use dateline::cli::CommandError;
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    thread,
    time::{Duration, Instant},
};

#[derive(Clone, Debug, Args)]
pub struct OverloadOptions {
    /// Number of clients
    #[arg(long, value_name = "NUMBER", default_value_t = 200)]
    clients: usize,
    /// Bytes of each client's page
    #[arg(long, value_name = "NUMBER", default_value_t = 1_000_000)]
    bytes: usize,
    /// Seconds until memory is measured again
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    rest: u64,
}

const WORDS: [&str; 24] = [
    "harbour", "tram", "council", "votes", "budget", "river", "bridge", "storm", "ferry", "minister", "report",
    "school", "budget", "union", "strike", "market", "price", "wheat", "summer", "court", "judge", "ruling",
    "election", "season",
];

/// Returns a page whose sentences no other number has.
fn page(number: usize, bytes: usize) -> String {
    let mut page = format!("<title>Page {number} of the harbour</title><article><h1>Page {number} of the harbour</h1>");
    let mut state = number as u64 + 1;
    while page.len() < bytes {
        page.push_str("<p>");
        for _ in 0..60 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let word = WORDS[(state >> 40) as usize % WORDS.len()];
            write!(page, "{word}{} ", (state >> 48) % 100).expect("a string takes what is written");
        }
        page.push_str("</p>");
    }
    page + "</article>"
}

/// Posts a page; returns the status of the response, and how long it took.
fn post(address: &str, page: &str) -> (String, Duration) {
    let started = Instant::now();
    let answer = TcpStream::connect(address).and_then(|mut stream| {
        let length = page.len();
        write!(
            stream,
            "POST /v1/articles HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: text/html\r\n\
             content-length: {length}\r\n\r\n{page}"
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    });
    let status = match &answer {
        Ok(answer) => {
            let status = answer.split(' ').nth(1).unwrap_or("no status");
            let retry = if answer.contains("\r\nretry-after: ") { " with Retry-After" } else { "" };
            format!("{status}{retry}")
        }
        Err(error) => error.to_string(),
    };
    (status, started.elapsed())
}

pub fn run(options: &OverloadOptions) -> Result<(), CommandError> {
    let folder = std::env::temp_dir().join(format!("dateline-overload-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(CommandError::io(folder.display().to_string()))?;
    let pages: Vec<String> = (0..options.clients).map(|number| page(number, options.bytes)).collect();
    let measured = measured(options, &folder, &pages);
    let removed = std::fs::remove_dir_all(&folder).map_err(CommandError::io(folder.display().to_string()));
    measured.and(removed)
}

fn measured(options: &OverloadOptions, folder: &Path, pages: &[String]) -> Result<(), CommandError> {
    let server = Server::start(&folder.join("archive"))?;
    println!("{} clients post a page of {} bytes each", options.clients, options.bytes);
    println!("memory before               {:6} MB", server.resident_megabytes());
    let answers: Vec<(String, Duration)> = thread::scope(|scope| {
        let clients: Vec<_> = pages.iter().map(|page| scope.spawn(|| post(&server.address, page))).collect();
        clients.into_iter().filter_map(|client| client.join().ok()).collect()
    });
    let mut statuses: BTreeMap<&str, usize> = BTreeMap::new();
    for (status, _) in &answers {
        *statuses.entry(status).or_default() += 1;
    }
    for (status, count) in statuses {
        println!("{status:27} {count:6}");
    }
    let slowest = answers.iter().map(|(_, time)| *time).max().unwrap_or_default();
    println!("slowest response            {:6.1} s", slowest.as_secs_f64());
    println!("memory at its peak          {:6} MB", measure::peak_bytes(Some(server.process_id())) / (1024 * 1024));
    thread::sleep(Duration::from_secs(options.rest));
    println!("memory {:3} s later          {:6} MB", options.rest, server.resident_megabytes());
    Ok(())
}
