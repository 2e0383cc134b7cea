//! `dateline-bench read DIR`: measures extraction on labelled pages, compared with the library that it uses, at its
//! best options, in one run on one thread.
//!
//! `DIR` contains `pages.jsonl` (one object per line: `id`, `url`, `title`, `author`, `date`, `body`) with the pages
//! under `pages/<id>.html` or `.html.gz`, and optionally `flattened.jsonl` or `.jsonl.gz` (`id`, `variant`, `lines`,
//! and `labels`: 1 for the body, 0 for the rest).

use crate::{
    measure,
    score::{Counts, TextOverlap, Times, shingles, words},
};
use clap::Args;
use dateline::{
    archive::preview,
    article::{Article, Evidence, Instant, Label, RawDocument},
    cli::CommandError,
    reading,
};
use serde::{Deserialize, de::DeserializeOwned};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs::File,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    time::Instant as Clock,
};
use trafilatura::{ExtractionFocus, HtmlDateMode};

#[derive(Clone, Debug, Args)]
pub struct ReadOptions {
    /// Folder with the pages and their labels
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Also print this many of the worst pages, and every fact that differs from its label
    #[arg(long, value_name = "PAGES", default_value_t = 0)]
    worst: usize,
    /// Print the features of every flattened line, every block or every possible headline instead, to train the models
    #[arg(long, value_name = "OF")]
    features: Option<FeaturesOf>,
    /// With `--features headlines`: the lines of each page's body, as model/headline.py prints them
    #[arg(long, value_name = "FILE", required_if_eq("features", "headlines"))]
    kept: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum FeaturesOf {
    Lines,
    Blocks,
    Headlines,
}

/// How many classes of loss are printed.
const CLASSES: usize = 8;
/// Length of the day part of a date.
const DAY: usize = "2026-03-16".len();

#[derive(Deserialize)]
pub struct Page {
    id: String,
    url: Option<String>,
    title: Option<String>,
    author: Option<String>,
    date: Option<String>,
    /// Labelled text of the article.
    pub body: String,
}

/// Reads the labelled pages of a folder.
pub fn pages(folder: &Path) -> Result<Vec<Page>, CommandError> {
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

pub fn run(options: &ReadOptions) -> Result<(), CommandError> {
    match options.features {
        Some(FeaturesOf::Lines) => return line_features(&options.folder),
        Some(FeaturesOf::Blocks) => return block_features(&options.folder),
        Some(FeaturesOf::Headlines) => {
            let kept = options.kept.as_deref().expect("the command line requires it");
            return headline_features(&options.folder, kept);
        }
        None => {}
    }
    let pages = pages(&options.folder)?;
    html(options, &pages)?;
    let flattened = options.folder.join("flattened.jsonl");
    if flattened.exists() || zipped(&flattened).exists() {
        let bodies = pages.iter().map(|page| (page.id.as_str(), page.body.as_str())).collect();
        flat(options, &json_lines(&flattened)?, &bodies);
    }
    Ok(())
}

/// Prints one row per line: document, variant, start and end in bytes of the lines joined by line feeds, features.
fn line_features(folder: &Path) -> Result<(), CommandError> {
    for json_line in json_lines::<Flattened>(&folder.join("flattened.jsonl"))? {
        for (span, features) in reading::line_examples(&json_line.lines.join("\n")) {
            let features: Vec<String> = features.iter().map(ToString::to_string).collect();
            println!("{}\t{}\t{}\t{}\t{}", json_line.id, json_line.variant, span.start, span.end, features.join("\t"));
        }
    }
    Ok(())
}

/// Prints one row per line that may be the headline: document, variant, the text as JSON, features. `kept` has a row per
/// document: its name, its variant, and a digit for each line.
fn headline_features(folder: &Path, kept: &Path) -> Result<(), CommandError> {
    let rows = std::fs::read_to_string(kept).map_err(CommandError::io(kept.display().to_string()))?;
    let bodies: HashMap<(&str, &str), Vec<bool>> = rows
        .lines()
        .filter_map(|row| {
            let mut columns = row.split('\t');
            let name = (columns.next()?, columns.next()?);
            Some((name, columns.next()?.bytes().map(|digit| digit == b'1').collect()))
        })
        .collect();
    for document in json_lines::<Flattened>(&folder.join("flattened.jsonl"))? {
        let Some(kept) = bodies.get(&(document.id.as_str(), document.variant.as_str())) else { continue };
        for (text, features) in reading::headline_examples(&document.lines.join("\n"), kept) {
            let features: Vec<String> = features.iter().map(ToString::to_string).collect();
            let (id, variant) = (&document.id, &document.variant);
            println!("{id}\t{variant}\t{}\t{}", serde_json::Value::from(text), features.join("\t"));
        }
    }
    Ok(())
}

/// Prints one row per block: page, `with` or `without` the library's extraction, the text as JSON, features.
fn block_features(folder: &Path) -> Result<(), CommandError> {
    for page in pages(folder)? {
        let bytes = contents(&folder.join("pages").join(format!("{}.html", page.id)))?;
        let document = document(&page.id, None, "text/html", bytes);
        let Ok(decoded) = reading::decode(&document) else { continue };
        for (variant, extract) in [("with", true), ("without", false)] {
            for (text, features) in reading::block_examples(decoded.without_mark(), extract) {
                let features: Vec<String> = features.iter().map(ToString::to_string).collect();
                println!("{}\t{variant}\t{}\t{}", page.id, serde_json::Value::from(text), features.join("\t"));
            }
        }
    }
    Ok(())
}

fn html(options: &ReadOptions, pages: &[Page]) -> Result<(), CommandError> {
    let (mut ours, mut our_times) = (TextOverlap::default(), Times::default());
    let (mut precise, mut precise_times) = (TextOverlap::default(), Times::default());
    let (mut balanced, mut balanced_times) = (TextOverlap::default(), Times::default());
    let mut losses = Losses::default();
    let mut facts = Facts::default();
    for page in pages {
        let bytes = contents(&options.folder.join("pages").join(format!("{}.html", page.id)))?;
        let document = document(&page.id, page.url.clone(), "text/html", bytes);
        let started = Clock::now();
        let read = preview(&document);
        our_times.add(started);
        let text = String::from_utf8_lossy(&document.content);
        if let Ok((article, evidence)) = &read {
            losses.add(&article.detail.body, evidence.clone().with_text(&text), &page.body);
        }
        let article = read.ok().map(|(article, _)| article);
        facts.add(options, page, article.as_ref());
        let body = article.map(|article| article.detail.body.join("\n")).unwrap_or_default();
        ours.add(&page.id, &body, &page.body);
        let started = Clock::now();
        let extracted = extract(&text, ExtractionFocus::FavorPrecision);
        precise_times.add(started);
        precise.add(&page.id, &extracted, &page.body);
        let started = Clock::now();
        let extracted = extract(&text, ExtractionFocus::Balanced);
        balanced_times.add(started);
        balanced.add(&page.id, &extracted, &page.body);
    }
    println!("{} HTML pages{:18} body F1  precision  recall  p50 ms  p95 ms", pages.len(), "");
    println!("  dateline                      {ours}  {our_times}");
    println!("  the library, precision        {precise}  {precise_times}");
    println!("  the library, balanced         {balanced}  {balanced_times}");
    losses.say();
    facts.say();
    let peak = measure::peak_bytes(Some(std::process::id()));
    println!("  peak memory {:.0} MB, including both extractors and the labels", peak as f64 / 1e6);
    for (id, ours) in ours.worst(options.worst) {
        println!("  {id}: {ours:.3}, the library {:.3}", balanced.of(id).unwrap_or_default());
    }
    Ok(())
}

/// The library at its best options for a body alone: with its fallback, without comments and dates.
fn extract(text: &str, focus: ExtractionFocus) -> String {
    let options = trafilatura::Options::default()
        .with_focus(focus)
        .with_fallback(true)
        .with_exclude_comments(true)
        .with_html_date_mode(HtmlDateMode::Disabled);
    trafilatura::extract(text, &options).map(|extract| extract.content_text).unwrap_or_default()
}

/// Words of the known bodies that were lost, by the reason in the evidence; and words kept that are not in them, by
/// where they stand.
#[derive(Default)]
struct Losses {
    lost: BTreeMap<String, usize>,
    kept: BTreeMap<&'static str, usize>,
    known: usize,
}

impl Losses {
    fn add(&mut self, body: &[String], evidence: Evidence, known: &str) {
        let read = shingles(&body.join("\n"));
        let known = shingles(known);
        self.known += known.len();
        let mut lost: HashSet<_> = known.difference(&read).cloned().collect();
        for piece in evidence.pieces.iter().filter(|piece| piece.label != Label::Kept && piece.reason != "markup") {
            let found: Vec<_> = shingles(&piece.text).into_iter().filter(|shingle| lost.remove(shingle)).collect();
            *self.lost.entry(piece.reason.clone()).or_default() += found.len();
        }
        *self.lost.entry("between blocks".to_owned()).or_default() += lost.len();
        let is_known = |paragraph: &String| shingles(paragraph).iter().any(|shingle| known.contains(shingle));
        let (first, last) = (body.iter().position(is_known), body.iter().rposition(is_known));
        for (at, paragraph) in body.iter().enumerate() {
            let place = match (first, last) {
                (Some(first), Some(last)) if at >= first && at <= last => "within the body",
                (Some(first), _) if at < first => "before the body",
                _ => "after the body",
            };
            *self.kept.entry(place).or_default() += shingles(paragraph).difference(&known).count();
        }
    }

    fn say(&self) {
        let share = |count: usize| count as f64 / self.known.max(1) as f64;
        let mut lost: Vec<_> = self.lost.iter().map(|(reason, count)| (*count, reason.as_str())).collect();
        let kept = self.kept.iter().map(|(place, count)| (*count, *place));
        for (name, classes) in [("lost", &mut lost), ("wrongly kept", &mut kept.collect())] {
            classes.sort_unstable_by(|a, b| b.cmp(a));
            let classes: Vec<_> =
                classes.iter().take(CLASSES).map(|(count, class)| format!("{class} {:.4}", share(*count))).collect();
            println!("  {name}, as a share of the known text: {}", classes.join(", "));
        }
    }
}

/// Counts of the facts that were read correctly.
#[derive(Default)]
struct Facts {
    headlines: Counts,
    days: Counts,
    names: Counts,
}

impl Facts {
    /// Adds a page. One that could not be read contributes no facts.
    fn add(&mut self, options: &ReadOptions, page: &Page, article: Option<&Article>) {
        let facts = article.map(|article| &article.facts);
        let other = |fact: &str, read: &str, known: &str| {
            if options.worst > 0 {
                println!("  {} {fact}: read {read:?}, known {known:?}", page.id);
            }
        };
        if let Some(title) = &page.title {
            let read = facts.and_then(|facts| facts.headline.as_deref());
            let right = read.is_some_and(|headline| same_title(headline, title));
            self.headlines.one(read.is_some(), right);
            if !right {
                other("headline", read.unwrap_or_default(), title);
            }
        }
        if let Some(date) = &page.date {
            let read = facts.and_then(|facts| facts.published.day()).map(|day| day.to_string());
            let right = read.is_some() && read.as_deref() == date.get(..DAY);
            self.days.one(read.is_some(), right);
            if !right {
                other("date", &read.unwrap_or_default(), date);
            }
        }
        if let Some(author) = &page.author {
            let authors: Vec<&str> =
                facts.iter().flat_map(|facts| &facts.authors).map(|author| author.name.as_str()).collect();
            let known = names(author);
            let read: Vec<_> = authors.iter().map(|author| words(author)).collect();
            self.names.known += known.len();
            self.names.given += read.len();
            self.names.right += read.iter().filter(|name| known.contains(name)).count();
            if known != read {
                other("authors", &authors.join("; "), author);
            }
        }
    }

    fn say(&self) {
        println!("  headline exactly right {:.3} of {}", self.headlines.recall(), self.headlines.known);
        let days = &self.days;
        let (given, right) = (days.coverage(), days.precision());
        println!("  publication day given {given:.3} of {}, right where given {right:.3}", days.known);
        let names = &self.names;
        let (f1, precision, recall) = (names.f1(), names.precision(), names.recall());
        println!("  authors' names F1 {f1:.3}, precision {precision:.3}, recall {recall:.3}");
    }
}

/// Splits a list of names by the simplest rule.
fn names(authors: &str) -> Vec<Vec<String>> {
    let names = authors.split([',', ';', '&']).flat_map(|part| part.split(" and "));
    names.map(words).filter(|name| !name.is_empty()).collect()
}

/// Whether two titles are equal apart from whitespace, case and punctuation.
fn same_title(a: &str, b: &str) -> bool {
    words(a) == words(b)
}

fn flat(options: &ReadOptions, documents: &[Flattened], bodies: &HashMap<&str, &str>) {
    let mut variants: BTreeMap<&str, (TextOverlap, Counts, Counts, Times)> = BTreeMap::new();
    for page in documents {
        let bytes = page.lines.join("\n").into_bytes();
        let document = document(&page.id, None, "text/plain", bytes);
        let started = Clock::now();
        let read = preview(&document);
        let (likeness, lines, headlines, times) = variants.entry(&page.variant).or_default();
        times.add(started);
        let read = read.ok();
        let kept = read.as_ref().map(|(_, evidence)| kept_lines(page, evidence)).unwrap_or_default();
        for (at, label) in page.labels.iter().enumerate() {
            let (kept, known) = (kept.get(at).is_some_and(|kept| *kept), *label == 1);
            lines.known += usize::from(known);
            lines.given += usize::from(kept);
            lines.right += usize::from(kept && known);
        }
        let article = read.map(|(article, _)| article);
        let body = article.as_ref().map(|article| article.detail.body.join("\n")).unwrap_or_default();
        match bodies.get(page.id.as_str()) {
            Some(known) => likeness.add(&page.id, &body, known),
            None => likeness.add(&page.id, &body, &labelled(page)),
        }
        if let Some(title) = &page.title {
            let read = article.and_then(|article| article.facts.headline);
            let right = read.as_ref().is_some_and(|headline| same_title(headline, title));
            headlines.one(read.is_some(), right);
            if !right && options.worst > 0 {
                println!("  {} {} headline: read {read:?}, known {title:?}", page.id, page.variant);
            }
        }
    }
    for (variant, (likeness, lines, headlines, times)) in &variants {
        println!("{variant:22} flattened  body F1  precision  recall  p50 ms  p95 ms");
        println!("  dateline                      {likeness}  {times}");
        let (f1, precision, recall) = (lines.f1(), lines.precision(), lines.recall());
        println!("  lines F1 {f1:.3}, precision {precision:.3}, recall {recall:.3}");
        println!("  headline exactly right {:.3} of {}", headlines.recall(), headlines.known);
        for (id, f1) in likeness.worst(options.worst) {
            println!("  {id}: {f1:.3}");
        }
    }
}

/// Returns for each line whether any part of it is kept as body.
fn kept_lines(document: &Flattened, evidence: &Evidence) -> Vec<bool> {
    let not_body = ["headline", "deck"];
    let kept =
        evidence.pieces.iter().filter(|piece| piece.label == Label::Kept && !not_body.contains(&piece.reason.as_str()));
    let kept: Vec<_> = kept.map(|piece| (piece.start, piece.end)).collect();
    let mut at = 0;
    let lines = document.lines.iter().map(|line| {
        let (start, end) = (at, at + line.len());
        at = end + 1;
        !line.trim().is_empty() && kept.iter().any(|(from, to)| *from < end && *to > start)
    });
    lines.collect()
}

fn labelled(document: &Flattened) -> String {
    let body = document.lines.iter().zip(&document.labels).filter(|(_, label)| **label == 1);
    body.map(|(line, _)| line.as_str()).collect::<Vec<_>>().join("\n")
}

fn document(id: &str, url: Option<String>, media_type: &str, bytes: Vec<u8>) -> RawDocument {
    RawDocument {
        key: Some(id.to_owned()),
        media_type: Some(media_type.to_owned()),
        url,
        ..RawDocument::new(bytes, Instant::now())
    }
}

fn zipped(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".gz");
    name.into()
}

/// Opens a file, or its compressed twin if there is one.
fn open(path: &Path) -> Result<Box<dyn Read>, CommandError> {
    let twin = zipped(path);
    if twin.exists() {
        let file = File::open(&twin).map_err(CommandError::io(twin.display().to_string()))?;
        return Ok(Box::new(flate2::read::MultiGzDecoder::new(file)));
    }
    Ok(Box::new(File::open(path).map_err(CommandError::io(path.display().to_string()))?))
}

fn contents(path: &Path) -> Result<Vec<u8>, CommandError> {
    let mut bytes = Vec::new();
    open(path)?.read_to_end(&mut bytes).map_err(CommandError::io(path.display().to_string()))?;
    Ok(bytes)
}

fn json_lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, CommandError> {
    let name = path.display();
    let lines = BufReader::new(open(path)?).lines().enumerate();
    lines
        .map(|(at, line)| {
            let line = line.map_err(CommandError::io(name.to_string()))?;
            serde_json::from_str(&line)
                .map_err(|error| CommandError::Other(format!("{name}, line {}: {error}", at + 1)))
        })
        .collect()
}
