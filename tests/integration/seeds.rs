//! Golden outputs of extraction, one per seed: they show which documents a changed rule affects.

use dateline::{
    archive::{preview, previews},
    article::{Article, Evidence, FieldEvidence, Instant, Normalisation},
    reading,
};
use serde_json::json;

/// Retrieval time of every seed: the upper bound of inferred dates.
const RETRIEVED_AT: &str = "2026-11-01T00:00:00Z";

#[test]
fn every_seed_matches_its_golden_output() {
    let at = Instant::parse(RETRIEVED_AT).expect("a time");
    for input in dateline::archive::seeds::seeds(at) {
        let document = input.document.expect(&input.name);
        let text = reading::decode(&document).expect(&input.name).text;
        let previews = previews(&document);
        let is_feed = previews.len() > 1;
        for (number, preview) in (1..).zip(previews) {
            let (article, evidence) = preview.expect(&input.name);
            let name = input.name.trim_start_matches("seeds/").replace(['.', ':'], "-");
            let name = if is_feed { format!("{name}-{number}") } else { name };
            assert_golden(&name, &text, &article, &evidence);
        }
    }
}

/// The iteration order of a hash map differs between maps and must not affect the output.
#[test]
fn every_seed_gives_the_same_output_on_every_thread() {
    let at = Instant::parse(RETRIEVED_AT).expect("a time");
    let read = || -> Vec<_> {
        let documents = dateline::archive::seeds::seeds(at).into_iter().filter_map(|seed| seed.document.ok());
        documents.flat_map(|document| previews(&document)).map(|preview| format!("{preview:?}")).collect()
    };
    let first = read();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| (0..3).all(|_| read() == first))).collect();
        assert!(threads.into_iter().all(|thread| thread.join().expect("no thread panicked")));
    });
}

/// Fields that a document states literally: the bytes at their spans yield the value.
const STATED_FIELDS: [&str; 16] = [
    "headline",
    "deck",
    "dateline",
    "body",
    "authors",
    "agency",
    "publisher",
    "published",
    "modified_at",
    "url",
    "image",
    "section",
    "keywords",
    "summary",
    "language",
    "entities",
];

/// Rules that derive a value from the text: a country from its adjective or its name in another language, a day from the codes of a wire.
const DERIVING_RULES: [&str; 5] =
    ["country-adjective", "country-name", "filing-time", "tense-bounds", "names-and-topic-words"];

fn assert_spans_yield_values(name: &str, evidence: &Evidence) {
    // Markdown has markup between the words, and URLs are escaped again.
    let escaped = |field_evidence: &FieldEvidence| {
        field_evidence.field == "body" && name.ends_with("-md") || field_evidence.field == "url"
    };
    for field in &evidence.fields {
        let normalisation = field.normalisation;
        assert_eq!(normalisation.is_none(), field.spans.is_empty(), "{name}: {field:?}");
        let is_stated = STATED_FIELDS.contains(&field.field.split('[').next().unwrap_or_default());
        let is_derived = DERIVING_RULES.contains(&field.rule.as_str()) || escaped(field);
        assert!(!is_stated || is_derived || normalisation != Some(Normalisation::Derived), "{name}: {field:?}");
    }
}

fn assert_golden(name: &str, text: &str, article: &Article, evidence: &Evidence) {
    let whole: String = evidence.pieces.iter().map(|piece| &text[piece.start..piece.end]).collect();
    assert_eq!(whole, text, "{name}: the pieces cover the document");
    assert_spans_yield_values(name, evidence);
    let pieces: Vec<String> = evidence
        .pieces
        .iter()
        .filter(|piece| !matches!(piece.reason.as_str(), "markup" | "blank"))
        .map(|piece| {
            let label = serde_json::to_value(piece.label).expect("a label");
            let beginning: String = text[piece.start..piece.end].trim().chars().take(60).collect();
            format!("{} {}: {beginning}", label.as_str().unwrap_or_default(), piece.reason)
        })
        .collect();
    let golden = json!({
        "article": article,
        "fields": evidence.fields,
        "left_out": evidence.left_out,
        "pieces": pieces,
    });
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "../goldens" }, {
        insta::assert_json_snapshot!(name, golden);
    });
}

/// The seed that the rules for flattened text started from, fact by fact.
#[test]
fn the_first_seed_yields_the_correct_facts() {
    let at = Instant::parse(RETRIEVED_AT).expect("a time");
    let seeds = dateline::archive::seeds::seeds(at);
    let seed = seeds.into_iter().find(|seed| seed.name.ends_with("pakistan-us-first-call.txt")).expect("the seed");
    let document = seed.document.expect("a document");
    let (article, evidence) = preview(&document).expect("readable");
    let facts = &article.facts;
    let place = facts.dateline.as_ref().and_then(|dateline| dateline.place.as_ref()).expect("a place");
    assert_eq!((place.id.as_str(), place.country.as_ref().map(|country| country.as_str())), ("islamabad", Some("PK")));
    assert_eq!(facts.language.as_deref(), Some("en"));
    assert_eq!(facts.published.at, None);
    assert_eq!(facts.published.latest, Some(at));
    assert!(facts.deck.is_some() && facts.publisher.is_some() && facts.word_count > 200);
    let headline = facts.headline.clone().expect("a headline");
    let text = String::from_utf8(document.content).expect("UTF-8");
    let field = evidence.fields.iter().find(|field| field.field == "headline").expect("evidence");
    assert_eq!(text[field.spans[0].start..field.spans[0].end], headline);
    let repeats = evidence.pieces.iter().filter(|piece| piece.reason == "headline repeated").count();
    assert_eq!((text.matches(headline.as_str()).count(), repeats), (2, 1));
}
