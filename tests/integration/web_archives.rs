//! Web archives, as crawlers write them, through the command.

use crate::support::process::{dateline, run, text};
use flate2::{Compression, write::GzEncoder};
use serde_json::Value;
use std::{
    fs::{self, File},
    io::Write,
    path::Path,
    process::Stdio,
    thread::sleep,
    time::Duration,
};

fn page(number: usize) -> String {
    format!(
        "<html><head><title>Tram {number} returns</title></head><body><article><h1>Tram {number} returns</h1>\
         <p>LISBON: The harbour tram number {number} ran again on Monday after a pause of two years, the port said.</p>\
         </article></body></html>"
    )
}

struct Record<'a> {
    kind: &'a str,
    number: usize,
    url: &'a str,
    date: &'a str,
    content_type: &'a str,
    block: Vec<u8>,
}

impl Record<'_> {
    fn written(&self) -> Vec<u8> {
        let Self { kind, number, url, date, content_type, block } = self;
        let mut record = format!(
            "WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-{number:012}>\r\n\
             WARC-Date: {date}\r\nWARC-Target-URI: {url}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n",
            block.len()
        )
        .into_bytes();
        record.extend_from_slice(block);
        record.extend_from_slice(b"\r\n\r\n");
        record
    }
}

fn record<'a>(
    kind: &'a str,
    number: usize,
    url: &'a str,
    content_type: &'a str,
    block: impl Into<Vec<u8>>,
) -> Record<'a> {
    Record { kind, number, url, date: "2025-04-07T09:30:00Z", content_type, block: block.into() }
}

fn response<'a>(number: usize, url: &'a str, headers: &str, body: impl AsRef<[u8]>) -> Record<'a> {
    let mut block = format!("HTTP/1.1 200 OK\r\n{headers}\r\n").into_bytes();
    block.extend_from_slice(body.as_ref());
    record("response", number, url, "application/http; msgtype=response", block)
}

const HTML: &str = "Content-Type: text/html; charset=utf-8\r\n";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

/// A crawl with everything that crawls have.
fn crawl() -> Vec<Vec<u8>> {
    let url = |number: usize| format!("https://news{}.example/tram/{number}", number % 2);
    let mut chunked = Vec::new();
    for chunk in page(4).as_bytes().chunks(60) {
        chunked.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        chunked.extend_from_slice(chunk);
        chunked.extend_from_slice(b"\r\n");
    }
    chunked.extend_from_slice(b"0\r\n\r\n");
    let latin = page(7).replace("returns", "retourne \u{e0} Li\u{e8}ge");
    let latin: Vec<u8> = latin.chars().map(|letter| u8::try_from(u32::from(letter)).expect("Latin-1")).collect();
    let (one, two, four, five, six, seven, eight) = (url(1), url(2), url(4), url(5), url(6), url(7), url(8));
    let records = [
        record("warcinfo", 100, "urn:crawl", "application/warc-fields", "software: test\r\n"),
        record("request", 101, &one, "application/http; msgtype=request", "GET / HTTP/1.1\r\n\r\n"),
        response(1, &one, HTML, page(1)),
        response(2, &two, &format!("{HTML}Content-Language: pt-PT, en\r\n"), page(2)),
        response(102, "https://news1.example/a.png", "Content-Type: image/png\r\n", b"\x89PNG\x00\x01"),
        record(
            "response",
            103,
            &two,
            "application/http",
            "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\n\r\n<p>no</p>",
        ),
        record("revisit", 104, &one, "application/http", "HTTP/1.1 200 OK\r\n\r\n"),
        response(4, &four, &format!("{HTML}Transfer-Encoding: chunked\r\n"), chunked),
        response(5, &five, &format!("{HTML}Content-Encoding: gzip\r\n"), gzip(page(5).as_bytes())),
        // Stored decoded, with the header of the coding.
        response(6, &six, &format!("{HTML}Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"), page(6)),
        response(7, &seven, "Content-Type: text/html; charset=iso-8859-1\r\n", latin),
        Record { date: "2025-05-01T00:00:00Z", ..record("resource", 8, &eight, "text/html", page(8)) },
        record("metadata", 105, &one, "application/warc-fields", "fetchTimeMs: 1\r\n"),
    ];
    records.iter().map(Record::written).collect()
}

const PAGES: usize = 7;

fn compressed(records: &[Vec<u8>]) -> Vec<u8> {
    records.iter().flat_map(|record| gzip(record)).collect()
}

fn articles(folder: &Path) -> Vec<Value> {
    let exported = run(folder, &["export"]);
    assert!(exported.status.success(), "{}", text(&exported.stderr));
    text(&exported.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn the_pages_of_a_crawl_become_articles() {
    for name in ["crawl.warc", "crawl.warc.gz"] {
        let folder = tempfile::tempdir().expect("a folder");
        let records = crawl();
        let bytes = if name.ends_with("gz") { compressed(&records) } else { records.concat() };
        fs::write(folder.path().join(name), bytes).expect("written");
        let first = run(folder.path(), &["ingest", "."]);
        let printed = text(&first.stdout);
        assert!(printed.contains(&format!("{PAGES} created, 0 revised, 0 unchanged, 0 failed")), "{name}: {printed}");
        let passed = "1 (a revisit: the same bytes as earlier), 1 (another media type than HTML), \
                      1 (another status than 200), 3 (no response)";
        assert!(printed.contains(&format!("records passed over: {passed}")), "{name}: {printed}");
        let again = run(folder.path(), &["ingest", name]);
        assert!(
            text(&again.stdout).contains(&format!("0 created, 0 revised, {PAGES} unchanged")),
            "{}",
            text(&again.stdout)
        );
        let articles = articles(folder.path());
        let of = |number: usize| {
            let url = format!("https://news{}.example/tram/{number}", number % 2);
            articles.iter().find(|article| article["url"] == url.as_str()).unwrap_or_else(|| panic!("{name}: {url}"))
        };
        for number in [1, 2, 4, 5, 6, 8] {
            assert_eq!(of(number)["headline"], format!("Tram {number} returns"), "{name}");
        }
        assert_eq!(of(7)["headline"], "Tram 7 retourne \u{e0} Li\u{e8}ge", "the charset of the HTTP header");
        assert_eq!(of(1)["raw"]["retrieved_at"], "2025-04-07T09:30:00.000Z");
        assert_eq!(of(2)["raw"]["defaults"]["language"], "pt-PT");
    }
}

#[test]
fn a_filter_selects_hosts_languages_and_dates() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("crawl.warc"), crawl().concat()).expect("written");
    for (arguments, expected) in [
        (vec!["--host", "news1.example"], 3),
        (vec!["--host", "example"], PAGES),
        (vec!["--host", "1.example"], 0),
        (vec!["--language", "PT"], 1),
        (vec!["--language", "en"], 1),
        (vec!["--retrieved-from", "2025-04-08"], 1),
        (vec!["--retrieved-from", "2025-04-07", "--retrieved-to", "2025-04-08"], PAGES - 1),
    ] {
        let archive = tempfile::tempdir().expect("a folder");
        let data = archive.path().to_str().expect("a path");
        let all = [vec!["ingest", "crawl.warc", "--data", data], arguments.clone()].concat();
        let printed = text(&run(folder.path(), &all).stdout);
        assert!(printed.contains(&format!("{expected} created")), "{arguments:?}: {printed}");
    }
    for arguments in
        [["--host", "https://news1.example/"], ["--language", "Portuguese!"], ["--retrieved-to", "yesterday"]]
    {
        let refused = run(folder.path(), &[["ingest", "crawl.warc"], arguments].concat());
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn a_pipe_is_read_as_it_comes() {
    let folder = tempfile::tempdir().expect("a folder");
    for bytes in [crawl().concat(), compressed(&crawl())] {
        let mut child = dateline(folder.path())
            .args(["ingest", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the command runs");
        child.stdin.take().expect("a pipe").write_all(&bytes).expect("read");
        let printed = text(&child.wait_with_output().expect("an end").stdout);
        assert!(printed.contains("0 failed"), "{printed}");
    }
    assert_eq!(articles(folder.path()).len(), PAGES);
}

#[test]
fn a_damaged_record_is_named_and_the_others_are_read() {
    let url = |number: usize| format!("https://news.example/{number}");
    let urls: Vec<String> = (0..6).map(url).collect();
    let records: Vec<Vec<u8>> =
        urls.iter().zip(0..).map(|(url, number)| response(number, url, HTML, page(number)).written()).collect();
    let mut damages: Vec<(&str, Vec<u8>, usize)> = Vec::new();
    // A member whose deflated bytes are wrong.
    let mut members: Vec<Vec<u8>> = records.iter().map(|record| gzip(record)).collect();
    let middle = members[2].len() / 2;
    members[2][middle..middle + 20].fill(0xff);
    damages.push(("flipped.warc.gz", members.concat(), 5));
    // A file that ends in the middle of a record.
    let whole = compressed(&records);
    damages.push(("cut.warc.gz", whole[..whole.len() - 60].to_vec(), 5));
    let plain = records.concat();
    damages.push(("cut.warc", plain[..plain.len() - 60].to_vec(), 5));
    // A record that states a wrong length.
    let short = text(&records[2]).replace("Content-Length: ", "Content-Length: 1");
    let mut wrong = records.clone();
    wrong[2] = short.into_bytes();
    damages.push(("wrong.warc", wrong.concat(), 4));
    let mut garbage = records.clone();
    garbage[2] = b"this is no record\r\n\r\n".to_vec();
    damages.push(("garbage.warc", garbage.concat(), 5));
    // The last record is passed over, and cut off.
    let image = response(9, "https://news.example/a.png", "Content-Type: image/png\r\n", vec![7; 5_000]).written();
    let mut records_and_image = records.clone();
    records_and_image.push(image[..3_000].to_vec());
    damages.push(("passed.warc", records_and_image.concat(), 6));
    for (name, bytes, read) in damages {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join(name), bytes).expect("written");
        let ingested = run(folder.path(), &["ingest", name]);
        let printed = text(&ingested.stdout);
        assert_eq!(ingested.status.code(), Some(1), "{name}: {printed}");
        assert!(printed.contains(&format!("{name}#")) && printed.contains("failed"), "{name}: {printed}");
        assert!(articles(folder.path()).len() >= read, "{name}: {printed}");
    }
}

#[test]
fn a_killed_ingest_is_continued() {
    let folder = tempfile::tempdir().expect("a folder");
    let urls: Vec<String> = (0..400).map(|number| format!("https://news.example/{number}")).collect();
    let mut file = File::create(folder.path().join("crawl.warc.gz")).expect("a file");
    for (url, number) in urls.iter().zip(0..) {
        file.write_all(&gzip(&response(number, url, HTML, page(number)).written())).expect("written");
    }
    drop(file);
    for _ in 0..3 {
        let mut child =
            dateline(folder.path()).args(["ingest", "crawl.warc.gz"]).stdout(Stdio::null()).spawn().expect("runs");
        sleep(Duration::from_millis(250));
        child.kill().expect("killed");
        child.wait().expect("an end");
    }
    let last = text(&run(folder.path(), &["ingest", "crawl.warc.gz"]).stdout);
    assert!(last.contains("0 revised") && last.contains("0 failed"), "{}", &last[last.len().saturating_sub(300)..]);
    let mut read: Vec<Value> = articles(folder.path()).into_iter().map(|article| article["url"].clone()).collect();
    read.sort_by_key(|url| url.as_str().map(str::to_owned));
    read.dedup();
    assert_eq!(read.len(), urls.len());
}
