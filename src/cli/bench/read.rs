//! `dateline bench read DIR`: what reading makes of pages whose answers are known, beside the extractor that it wraps, in
//! one run on one thread.
//!
//! `DIR` holds `pages.jsonl` (an object a line: `id`, `url`, `title`, `author`, `date`, `body`) with the pages under
//! `pages/<id>.html` or `.html.gz`, and it may hold `flattened.jsonl` or `.jsonl.gz` (`id`, `variant`, `lines`, and
//! `labels`: 1 for the story, 0 for the rest).

use super::{
    measure,
    score::{Counts, Likeness, Times, words},
};
use crate::{
    archive::preview,
    article::{Article, Evidence, Instant, Label, RawDocument},
    cli::{Failure, say},
    reading,
};
use clap::Args;
use serde::{Deserialize, de::DeserializeOwned};
use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    time::Instant as Clock,
};

#[derive(Clone, Debug, Args)]
pub struct Options {
    /// The folder with the pages and their answers
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Also name the so many pages that were read worst, and every fact that was read otherwise
    #[arg(long, value_name = "PAGES", default_value_t = 0)]
    worst: usize,
    /// Print the features of every flattened line instead, to train the model of stories on
    #[arg(long)]
    features: bool,
}

/// The characters of a date that are the day.
const DAY: usize = "2026-03-16".len();

#[derive(Deserialize)]
pub struct Page {
    id: String,
    url: Option<String>,
    title: Option<String>,
    author: Option<String>,
    date: Option<String>,
    /// The known text of the article.
    pub body: String,
}

/// The pages of a folder, with what is known of them.
pub fn pages(folder: &Path) -> Result<Vec<Page>, Failure> {
    json_lines(&folder.join("pages.jsonl"))
}

#[derive(Deserialize)]
struct Flattened {
    id: String,
    variant: String,
    title: Option<String>,
    lines: Vec<String>,
    labels: Vec<u8>,
}

pub fn run(options: &Options) -> Result<(), Failure> {
    if options.features {
        return features(&options.folder);
    }
    let pages = pages(&options.folder)?;
    html(options, &pages)?;
    let flattened = options.folder.join("flattened.jsonl");
    if flattened.exists() || zipped(&flattened).exists() {
        let bodies = pages.iter().map(|it| (it.id.as_str(), it.body.as_str())).collect();
        flat(options, &json_lines(&flattened)?, &bodies);
    }
    Ok(())
}

/// One line each: document, variant, where the line begins and ends in bytes of the lines joined by line feeds, features.
fn features(folder: &Path) -> Result<(), Failure> {
    for it in json_lines::<Flattened>(&folder.join("flattened.jsonl"))? {
        for (span, features) in reading::examples(&it.lines.join("\n")) {
            let features: Vec<String> = features.iter().map(ToString::to_string).collect();
            say(format_args!("{}\t{}\t{}\t{}\t{}", it.id, it.variant, span.start, span.end, features.join("\t")));
        }
    }
    Ok(())
}

fn html(options: &Options, pages: &[Page]) -> Result<(), Failure> {
    let (mut ours, mut wrapped) = (Likeness::default(), Likeness::default());
    let (mut our_times, mut wrapped_times) = (Times::default(), Times::default());
    let mut facts = Facts::default();
    for page in pages {
        let bytes = contents(&options.folder.join("pages").join(format!("{}.html", page.id)))?;
        let document = document(&page.id, page.url.clone(), "text/html", bytes);
        let started = Clock::now();
        let read = preview(&document);
        our_times.add(started);
        let article = read.ok().map(|(article, _)| article);
        facts.add(options, page, article.as_ref());
        let body = article.map(|it| it.detail.body.join("\n")).unwrap_or_default();
        ours.add(&page.id, &body, &page.body);
        let text = String::from_utf8_lossy(&document.content);
        let started = Clock::now();
        let precise = trafilatura::Options::default().with_focus(trafilatura::ExtractionFocus::FavorPrecision);
        let extracted = trafilatura::extract(&text, &precise).map(|it| it.content_text).unwrap_or_default();
        wrapped_times.add(started);
        wrapped.add(&page.id, &extracted, &page.body);
    }
    say(format_args!("{} HTML pages{:18} body F1  precision  recall  p50 ms  p95 ms", pages.len(), ""));
    say(format_args!("  dateline                      {ours}  {our_times}"));
    say(format_args!("  the wrapped extractor alone   {wrapped}  {wrapped_times}"));
    facts.say();
    let peak = measure::peak_bytes(Some(std::process::id()));
    say(format_args!("  peak memory {:.0} MB, with both readers and what is known of the pages", peak as f64 / 1e6));
    for (id, ours) in ours.worst(options.worst) {
        say(format_args!("  {id}: {ours:.3}, the extractor alone {:.3}", wrapped.of(id).unwrap_or_default()));
    }
    Ok(())
}

/// How often each fact was read as it is known to be.
#[derive(Default)]
struct Facts {
    headlines: Counts,
    days: Counts,
    names: Counts,
}

impl Facts {
    /// A page that could not be read gives no fact.
    fn add(&mut self, options: &Options, page: &Page, article: Option<&Article>) {
        let facts = article.map(|it| &it.facts);
        let other = |fact: &str, read: &str, known: &str| {
            if options.worst > 0 {
                say(format_args!("  {} {fact}: read {read:?}, known {known:?}", page.id));
            }
        };
        if let Some(title) = &page.title {
            let read = facts.and_then(|it| it.headline.as_deref());
            let right = read.is_some_and(|it| same_title(it, title));
            self.headlines.one(read.is_some(), right);
            if !right {
                other("headline", read.unwrap_or_default(), title);
            }
        }
        if let Some(date) = &page.date {
            let read = facts.and_then(|it| it.published.day()).map(|it| it.to_string());
            let right = read.is_some() && read.as_deref() == date.get(..DAY);
            self.days.one(read.is_some(), right);
            if !right {
                other("date", &read.unwrap_or_default(), date);
            }
        }
        if let Some(author) = &page.author {
            let authors: Vec<&str> = facts.iter().flat_map(|it| &it.authors).map(|it| it.name.as_str()).collect();
            let known = names(author);
            let read: Vec<_> = authors.iter().map(|it| words(it)).collect();
            self.names.known += known.len();
            self.names.given += read.len();
            self.names.right += read.iter().filter(|it| known.contains(it)).count();
            if known != read {
                other("authors", &authors.join("; "), author);
            }
        }
    }

    fn say(&self) {
        say(format_args!("  headline exactly right {:.3} of {}", self.headlines.recall(), self.headlines.known));
        let days = &self.days;
        let (given, right) = (days.coverage(), days.precision());
        say(format_args!("  publication day given {given:.3} of {}, right where given {right:.3}", days.known));
        let names = &self.names;
        let (f1, precision, recall) = (names.f1(), names.precision(), names.recall());
        say(format_args!("  authors' names F1 {f1:.3}, precision {precision:.3}, recall {recall:.3}"));
    }
}

/// The names in a list of them, told apart by the plainest rule.
fn names(authors: &str) -> Vec<Vec<String>> {
    let names = authors.split([',', ';', '&']).flat_map(|it| it.split(" and "));
    names.map(words).filter(|it| !it.is_empty()).collect()
}

/// Titles are the same when they differ in blanks, case and the shape of quotation marks and dashes at most.
fn same_title(a: &str, b: &str) -> bool {
    words(a) == words(b)
}

fn flat(options: &Options, documents: &[Flattened], bodies: &HashMap<&str, &str>) {
    let mut variants: BTreeMap<&str, (Likeness, Counts, Counts, Times)> = BTreeMap::new();
    for it in documents {
        let bytes = it.lines.join("\n").into_bytes();
        let document = document(&it.id, None, "text/plain", bytes);
        let started = Clock::now();
        let read = preview(&document);
        let (likeness, lines, headlines, times) = variants.entry(&it.variant).or_default();
        times.add(started);
        let read = read.ok();
        let kept = read.as_ref().map(|(_, evidence)| kept_lines(it, evidence)).unwrap_or_default();
        for (at, label) in it.labels.iter().enumerate() {
            let (kept, known) = (kept.get(at).is_some_and(|it| *it), *label == 1);
            lines.known += usize::from(known);
            lines.given += usize::from(kept);
            lines.right += usize::from(kept && known);
        }
        let article = read.map(|(article, _)| article);
        let body = article.as_ref().map(|it| it.detail.body.join("\n")).unwrap_or_default();
        match bodies.get(it.id.as_str()) {
            Some(known) => likeness.add(&it.id, &body, known),
            None => likeness.add(&it.id, &body, &labelled(it)),
        }
        if let Some(title) = &it.title {
            let read = article.and_then(|it| it.facts.headline);
            let right = read.as_ref().is_some_and(|it| same_title(it, title));
            headlines.one(read.is_some(), right);
            if !right && options.worst > 0 {
                say(format_args!("  {} {} headline: read {read:?}, known {title:?}", it.id, it.variant));
            }
        }
    }
    for (variant, (likeness, lines, headlines, times)) in &variants {
        say(format_args!("{variant:22} flattened  body F1  precision  recall  p50 ms  p95 ms"));
        say(format_args!("  dateline                      {likeness}  {times}"));
        let (f1, precision, recall) = (lines.f1(), lines.precision(), lines.recall());
        say(format_args!("  lines F1 {f1:.3}, precision {precision:.3}, recall {recall:.3}"));
        say(format_args!("  headline exactly right {:.3} of {}", headlines.recall(), headlines.known));
        for (id, f1) in likeness.worst(options.worst) {
            say(format_args!("  {id}: {f1:.3}"));
        }
    }
}

/// Which lines have a part that is kept as story.
fn kept_lines(document: &Flattened, evidence: &Evidence) -> Vec<bool> {
    let not_story = ["headline", "deck"];
    let kept = evidence.pieces.iter().filter(|it| it.label == Label::Kept && !not_story.contains(&it.reason.as_str()));
    let kept: Vec<_> = kept.map(|it| (it.start, it.end)).collect();
    let mut at = 0;
    let lines = document.lines.iter().map(|line| {
        let (start, end) = (at, at + line.len());
        at = end + 1;
        !line.trim().is_empty() && kept.iter().any(|it| it.0 < end && it.1 > start)
    });
    lines.collect()
}

fn labelled(document: &Flattened) -> String {
    let story = document.lines.iter().zip(&document.labels).filter(|(_, label)| **label == 1);
    story.map(|(line, _)| line.as_str()).collect::<Vec<_>>().join("\n")
}

fn document(id: &str, url: Option<String>, media_type: &str, bytes: Vec<u8>) -> RawDocument {
    RawDocument {
        content: bytes,
        key: Some(id.to_owned()),
        media_type: Some(media_type.to_owned()),
        url,
        source: None,
        defaults: None,
        retrieved_at: Instant::now(),
    }
}

fn zipped(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".gz");
    name.into()
}

/// What a file holds, or its compressed twin.
fn open(path: &Path) -> Result<Box<dyn Read>, Failure> {
    let twin = zipped(path);
    if twin.exists() {
        let file = File::open(&twin).map_err(Failure::io(twin.display().to_string()))?;
        return Ok(Box::new(flate2::read::MultiGzDecoder::new(file)));
    }
    Ok(Box::new(File::open(path).map_err(Failure::io(path.display().to_string()))?))
}

fn contents(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    open(path)?.read_to_end(&mut bytes).map_err(Failure::io(path.display().to_string()))?;
    Ok(bytes)
}

fn json_lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, Failure> {
    let name = path.display();
    let lines = BufReader::new(open(path)?).lines().enumerate();
    lines
        .map(|(at, line)| {
            let line = line.map_err(Failure::io(name.to_string()))?;
            serde_json::from_str(&line).map_err(|error| Failure::Other(format!("{name}, line {}: {error}", at + 1)))
        })
        .collect()
}
