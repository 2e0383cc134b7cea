//! CSV (RFC 4180): a row an article. Lists are joined with `|`, paragraphs with an empty line between two. A missing fact
//! is an empty cell.
//!
//! A cell is the text as it is in the archive, also where it begins with `=`, which some spreadsheets run as a formula.

use super::body_text;
use crate::article::{Article, Instant};

pub const COLUMNS: [&str; 30] = [
    "id",
    "revision",
    "story",
    "url",
    "headline",
    "deck",
    "publisher",
    "source",
    "authors",
    "agency",
    "dateline",
    "place",
    "place_country",
    "published",
    "published_precision",
    "published_basis",
    "published_earliest",
    "published_latest",
    "modified_at",
    "first_seen_at",
    "changed_at",
    "language",
    "section",
    "word_count",
    "topics",
    "keywords",
    "entities",
    "image",
    "summary",
    "body",
];

/// Returns rows as text. `header`: whether the names of the columns come first.
pub fn write(articles: &[Article], header: bool) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let mut write = |cells: &[String]| writer.write_record(cells).expect("memory accepts every write");
    if header {
        write(&COLUMNS.map(str::to_owned));
    }
    articles.iter().for_each(|article| write(&row(article)));
    writer.into_inner().expect("memory accepts every write")
}

fn row(article: &Article) -> [String; COLUMNS.len()] {
    let (head, facts) = (&article.head, &article.facts);
    let some = |text: &Option<String>| text.clone().unwrap_or_default();
    let time = |at: Option<Instant>| at.map(|at| at.to_string()).unwrap_or_default();
    let published = &facts.published;
    let place = facts.dateline.as_ref().and_then(|dateline| dateline.place.as_ref());
    let entities = facts.entities.iter().map(|entity| format!("{}:{}", entity.kind.name(), entity.name));
    [
        head.id.to_string(),
        head.revision.to_string(),
        head.story.to_string(),
        some(&facts.url),
        some(&facts.headline),
        some(&facts.deck),
        facts.publisher.as_ref().map(|publisher| publisher.name.clone()).unwrap_or_default(),
        some(&head.source),
        joined(facts.authors.iter().map(|author| author.name.clone())),
        some(&facts.agency),
        facts.dateline.as_ref().map(|dateline| dateline.text.clone()).unwrap_or_default(),
        place.map(|place| place.name.clone()).unwrap_or_default(),
        place.and_then(|place| place.country.as_ref()).map(|code| code.as_str().to_owned()).unwrap_or_default(),
        published.stated().unwrap_or_default(),
        published.precision.map_or("", Into::into).to_owned(),
        published.basis.map_or("", Into::into).to_owned(),
        time(published.earliest),
        time(published.latest),
        time(facts.modified_at),
        head.first_seen_at.to_string(),
        head.changed_at.to_string(),
        some(&facts.language),
        some(&facts.section),
        facts.word_count.to_string(),
        joined(facts.topics.iter().map(|topic| topic.label.clone())),
        joined(facts.keywords.iter().cloned()),
        joined(entities),
        some(&facts.image),
        some(&facts.summary),
        body_text(article).unwrap_or_default(),
    ]
}

fn joined(values: impl Iterator<Item = String>) -> String {
    values.collect::<Vec<_>>().join("|")
}
