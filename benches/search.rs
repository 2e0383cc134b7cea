//! `dateline-bench search [DIR]`: size and query cost of the search index, on generated articles or on the texts of
//! `DIR/pages.jsonl`. SQLite's full-text search runs the same queries in the same process.
//!
//! Generated articles have words and facets distributed as in news: a few very frequent ones and very many rare ones.
//! They are the same on every run. The index is stored in a folder and fetched from it as from a bucket, in ranges that
//! are counted. What the table adds to a search, its cards and the tail of the change log, is measured as well.

use crate::{
    generate::{Random, word},
    read::pages,
    sqlite::Sqlite,
};
use clap::Args;
use dateline::{
    article::{
        Article, ArticleId, Author, Detail, Entity, EntityType, Facet, Facts, Head, Instant, Publisher, RawSummary,
        Topic,
    },
    cli::CommandError,
    query::ListQuery,
    search::{Search, indexer::Indexer},
    store::{Objects, Store, embedded},
};
use std::{
    path::PathBuf,
    time::{Duration, Instant as Clock},
};

#[derive(Clone, Debug, Args)]
pub struct SearchOptions {
    /// Folder with `pages.jsonl`: one object per line, with `id` and `body`; without it, articles are generated
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Number of articles to generate
    #[arg(long, default_value_t = 100_000, value_name = "N")]
    articles: usize,
    /// Number of queries of each kind
    #[arg(long, default_value_t = 300, value_name = "N")]
    queries: usize,
}

const FACETS: [Facet; 4] = [Facet::Topic, Facet::Person, Facet::Country, Facet::Source];
const BATCH: usize = 1_000;
const VOCABULARY: usize = 200_000;

pub async fn run(options: &SearchOptions) -> Result<(), CommandError> {
    let texts: Vec<String> = match &options.folder {
        Some(folder) => pages(folder)?.into_iter().map(|page| page.body).collect(),
        None => Vec::new(),
    };
    let count = if texts.is_empty() { options.articles } else { texts.len() };
    let folder = tempfile_folder()?;
    let (store, _) = embedded::memory()?;
    let store = store.with_objects(Objects::folder(&folder)?);
    let article = |number: usize| match texts.get(number) {
        Some(text) => of_text(number, text),
        None => generated(number),
    };
    let sample = count.clamp(1, 1_000);
    let words: usize = (0..sample).map(|number| article(number).facts.word_count as usize).sum();
    println!("{count} articles, {} words each", words / sample);

    let started = Clock::now();
    let batches = (0..count).step_by(BATCH).map(|from| (from..(from + BATCH).min(count)).map(article).collect());
    let indexer = Indexer::new(store.clone()).with_grace(jiff::SignedDuration::ZERO);
    indexer.build(batches).await?;
    let seconds = started.elapsed().as_secs_f64();
    indexer.sweep().await?;
    let bytes = folder_bytes(&folder.join("index/parts"))?;
    let mut sqlite = Sqlite::create(&folder.join("fts5.sqlite"))?;
    let started = Clock::now();
    for from in (0..count).step_by(BATCH) {
        let articles: Vec<Article> = (from..(from + BATCH).min(count)).map(article).collect();
        sqlite.add(&articles)?;
    }
    sqlite.finish()?;
    let (other_seconds, other_bytes) = (started.elapsed().as_secs_f64(), folder_bytes(&folder)?);
    println!("                          index       FTS5   ratio");
    row("bytes an article", bytes as f64 / count as f64, other_bytes as f64 / count as f64);
    row("seconds to index", seconds, other_seconds);

    let questions = questions(options.queries, &texts);
    cold(&store, &questions[0]).await?;
    warm(&store, &sqlite, &questions).await?;
    std::fs::remove_dir_all(&folder).map_err(CommandError::io("the index cannot be removed"))?;
    Ok(())
}

fn row(what: &str, ours: f64, other: f64) {
    println!("  {what:20} {ours:10.2} {other:10.2} {:7.2}", ours / other);
}

/// Measures a reader with empty caches: what it fetches for its first answer, and what facets add.
async fn cold(store: &Store, question: &str) -> Result<(), CommandError> {
    for (what, sort, facets) in [
        ("newest 20", "-published", 0),
        ("newest 20, 4 facets", "-published", 4),
        ("relevance, 4 facets", "relevance", 4),
    ] {
        let search = Search::new(store.clone());
        let started = Clock::now();
        search.first(&query(&question.replace('"', ""), sort)?, named(&FACETS[..facets])).await?;
        let (milliseconds, (requests, bytes)) = (started.elapsed().as_secs_f64() * 1_000.0, search.fetched());
        let megabytes = bytes as f64 / 1e6;
        println!("  cold, {what:21} {requests:4} requests {megabytes:7.2} MB {milliseconds:8.1} ms");
    }
    Ok(())
}

async fn warm(store: &Store, sqlite: &Sqlite, questions: &[String]) -> Result<(), CommandError> {
    let search = Search::new(store.clone());
    for (what, sort, facets, forms) in [
        ("newest 20, as written", "-published", 0, false),
        ("newest 20, 4 facets, as written", "-published", 4, false),
        ("newest 20, 4 facets, in any form", "-published", 4, true),
        ("relevance, as written", "relevance", 0, false),
        ("relevance, in any form", "relevance", 0, true),
    ] {
        let (mut ours, mut others, mut found) = (Vec::new(), Vec::new(), 0);
        for question in questions.iter().chain(questions) {
            let text = if forms { question.replace('"', "") } else { question.clone() };
            let query = query(&text, sort)?;
            let started = Clock::now();
            let (_, counts) = search.first(&query, named(&FACETS[..facets])).await?;
            ours.push(started.elapsed());
            let started = Clock::now();
            let total = sqlite.ask(question, sort == "relevance", &FACETS[..facets])?;
            others.push(started.elapsed());
            // FTS5 does not match other word forms.
            if total != counts.total && !forms {
                return Err(CommandError::Other(format!("{question}: found {}, FTS5 found {total}", counts.total)));
            }
            found += counts.total;
        }
        // The first round fills the caches of both.
        let (mut ours, mut others) = (ours.split_off(questions.len()), others.split_off(questions.len()));
        println!("  warm, {what}: {} articles match on average", found / (2 * questions.len().max(1)) as u64);
        for (name, of) in [("p50, ms", 50), ("p99, ms", 99)] {
            row(name, percentile(&mut ours, of), percentile(&mut others, of));
        }
    }
    let started = Clock::now();
    for _ in 0..100 {
        store.changes(dateline::store::ChangePosition::default(), 1).await?;
    }
    let milliseconds = started.elapsed().as_secs_f64() * 10.0;
    println!("  of which reading changes after the index, on the embedded engine: {milliseconds:.2} ms");
    Ok(())
}

fn query(question: &str, sort: &str) -> Result<ListQuery, CommandError> {
    let pairs = [("q", question), ("sort", sort)].map(|(name, value)| (name.to_owned(), value.to_owned()));
    ListQuery::parse(&pairs).map_err(|bad| CommandError::Other(format!("{question}: {bad:?}")))
}

/// Returns facets with the number of values that a page names.
fn named(facets: &[Facet]) -> Vec<(Facet, usize)> {
    facets.iter().map(|facet| (*facet, 20)).collect()
}

fn percentile(times: &mut [Duration], of: usize) -> f64 {
    times.sort();
    times.get(times.len() * of / 100).map_or(0.0, |time| time.as_secs_f64() * 1_000.0)
}

/// Returns queries of two words, a common one and a rarer one, as people search.
fn questions(count: usize, texts: &[String]) -> Vec<String> {
    let ask = |number: usize| {
        let mut random = Random::new(number as u64 + 7_000_000);
        let mut pick = |low: usize, high: usize| match texts.is_empty() {
            true => word(low + random.below(high - low)),
            false => {
                let text: Vec<&str> = texts[random.below(texts.len())].split_whitespace().collect();
                let plain = |word: &&&str| word.len() > 4 && word.bytes().all(|byte| byte.is_ascii_lowercase());
                let plain: Vec<&&str> = text.iter().filter(plain).collect();
                plain.get(random.below(plain.len().max(1))).map_or("people".to_owned(), |word| (**word).to_owned())
            }
        };
        format!("\"{}\" \"{}\"", pick(20, 400), pick(200, 4_000))
    };
    (0..count.max(1)).map(ask).collect()
}

fn sentence(random: &mut Random, words: usize) -> String {
    (0..words).map(|_| word(random.zipf(VOCABULARY))).collect::<Vec<_>>().join(" ")
}

fn generated(number: usize) -> Article {
    let mut random = Random::new(number as u64);
    let mut facts = Facts { headline: Some(sentence(&mut random, 9)), ..Facts::default() };
    facts.deck = random.below(2).eq(&0).then(|| sentence(&mut random, 16));
    let body = (0..12).map(|_| sentence(&mut random, 25)).collect();
    let mut entities = Vec::new();
    for (kind, most, of) in [
        (EntityType::Person, 5, 20_000),
        (EntityType::Organisation, 4, 5_000),
        (EntityType::Place, 3, 5_000),
        (EntityType::Country, 3, 150),
    ] {
        for _ in 0..random.below(most) {
            entities.push((kind, random.zipf(of)));
        }
    }
    facts.entities = entities.into_iter().map(|(kind, number)| entity(kind, number)).collect();
    let topics = 1 + random.below(2);
    facts.topics = (0..topics).filter_map(|_| topic(random.zipf(17))).collect();
    facts.authors = vec![Author { name: format!("{} {}", word(random.zipf(3_000)), word(random.zipf(9_000))) }];
    let site = random.zipf(300);
    facts.publisher = Some(Publisher { id: format!("site-{site}"), name: format!("Site {site}"), domain: None });
    facts.language = Some(["en", "en", "en", "en", "en", "de", "fr", "es"][random.below(8)].to_owned());
    facts.word_count = 9 + 300 + facts.deck.as_ref().map_or(0, |_| 16);
    let minute = jiff::SignedDuration::from_mins(random.below(3 * 365 * 24 * 60) as i64);
    facts.published.at =
        Instant::from_timestamp(jiff::Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(450_000) + minute);
    whole(number, facts, Detail { body, ..Detail::default() })
}

fn of_text(number: usize, text: &str) -> Article {
    let mut article = generated(number);
    let mut lines = text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned);
    article.facts.headline = lines.next();
    article.facts.deck = None;
    article.detail.body = lines.collect();
    article.facts.word_count = u32::try_from(text.split_whitespace().count()).unwrap_or(u32::MAX);
    article.facts.language = Some("en".to_owned());
    article
}

fn entity(kind: EntityType, number: usize) -> Entity {
    let country = (kind == EntityType::Country).then(|| {
        let letter = |index: usize| char::from(b'A' + u8::try_from(index % 26).unwrap_or_default());
        dateline::article::CountryCode::parse(&format!("{}{}", letter(number / 26), letter(number)))
    });
    let name = format!("{} {}", word(number), word(number * 7 + 3));
    Entity {
        id: dateline::article::slug(&name),
        kind,
        name,
        role: None,
        country: country.and_then(Result::ok),
        strong: true,
        mentions: Vec::new(),
    }
}

fn topic(number: usize) -> Option<Topic> {
    let topic = dateline::article::media_topic(&format!("{:02}000000", number + 1))?;
    Some(Topic { code: topic.code.to_owned(), label: topic.label.to_owned(), score: 1.0, because: Vec::new() })
}

fn whole(number: usize, facts: Facts, detail: Detail) -> Article {
    let id = ArticleId::of_identity(&number.to_string());
    let now = facts.published.at.unwrap_or_else(Instant::now);
    let raw = RawSummary {
        sha256: String::new(),
        bytes: 0,
        media_type: String::new(),
        entry: None,
        retrieved_at: now,
        defaults: None,
    };
    let head = Head {
        story: id.clone(),
        id,
        revision: 1,
        source: None,
        first_seen_at: now,
        changed_at: now,
        raw,
        rules_version: String::new(),
    };
    Article { head, facts, detail }
}

fn tempfile_folder() -> Result<PathBuf, CommandError> {
    let folder = std::env::temp_dir().join(format!("dateline-bench-search-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(CommandError::io("a temporary folder cannot be made"))?;
    Ok(folder)
}

/// Returns the total size of the files directly in a folder.
fn folder_bytes(folder: &std::path::Path) -> Result<u64, CommandError> {
    let count = || {
        let mut bytes = 0;
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                bytes += entry.metadata()?.len();
            }
        }
        Ok(bytes)
    };
    count().map_err(CommandError::io("a folder cannot be counted"))
}
