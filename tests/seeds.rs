//! What reading makes of each seed, checked in: a rule that changes shows here which documents it touches.

use dateline::{
    archive::{preview, previews},
    article::{Article, Evidence, FieldEvidence, Instant, Normalisation},
    reading,
};
use serde_json::json;

/// Inferred dates are bounded by it.
const RETRIEVED_AT: &str = "2026-11-01T00:00:00Z";

#[test]
fn every_seed_is_read_as_it_was() {
    let at = Instant::parse(RETRIEVED_AT).expect("a time");
    for arrival in dateline::archive::seeds::seeds(at) {
        let document = arrival.document.expect(&arrival.name);
        let text = reading::decode(&document).expect(&arrival.name).text;
        let previews = previews(&document);
        let is_feed = previews.len() > 1;
        for (number, preview) in (1..).zip(previews) {
            let (article, evidence) = preview.expect(&arrival.name);
            let name = arrival.name.trim_start_matches("seeds/").replace(['.', ':'], "-");
            let name = if is_feed { format!("{name}-{number}") } else { name };
            is_as_it_was(&name, &text, &article, &evidence);
        }
    }
}

/// Tables of hashed names are laid out anew in every map: none of that may show.
#[test]
fn every_seed_is_read_the_same_on_every_thread() {
    let at = Instant::parse(RETRIEVED_AT).expect("a time");
    let read = || -> Vec<_> {
        let documents = dateline::archive::seeds::seeds(at).into_iter().filter_map(|it| it.document.ok());
        documents.flat_map(|it| previews(&it)).map(|it| format!("{it:?}")).collect()
    };
    let first = read();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| (0..3).all(|_| read() == first))).collect();
        assert!(threads.into_iter().all(|it| it.join().expect("a reader")));
    });
}

/// What a document states word for word: whoever reads the bytes at its places again finds the value.
const STATED: [&str; 16] = [
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

/// Rules that conclude a value from what is stated: a country from its adjective, a day from the codes of a wire.
const CONCLUDING: [&str; 4] = ["country-adjective", "filing-time", "tense-bounds", "names-and-topic-words"];

fn its_bytes_give_its_values(name: &str, evidence: &Evidence) {
    // Of Markdown the markup stands between the words, and an address is escaped anew.
    let escaped = |it: &FieldEvidence| it.field == "body" && name.ends_with("-md") || it.field == "url";
    for field in &evidence.fields {
        let again = field.normalisation;
        assert_eq!(again.is_none(), field.spans.is_empty(), "{name}: {field:?}");
        let stated = STATED.contains(&field.field.split('[').next().unwrap_or_default());
        let concluded = CONCLUDING.contains(&field.rule.as_str()) || escaped(field);
        assert!(!stated || concluded || again != Some(Normalisation::Derived), "{name}: {field:?}");
    }
}

fn is_as_it_was(name: &str, text: &str, article: &Article, evidence: &Evidence) {
    let whole: String = evidence.pieces.iter().map(|it| &text[it.start..it.end]).collect();
    assert_eq!(whole, text, "{name}: the pieces are the document");
    its_bytes_give_its_values(name, evidence);
    let pieces: Vec<String> = evidence
        .pieces
        .iter()
        .filter(|it| !matches!(it.reason.as_str(), "markup" | "blank"))
        .map(|it| {
            let label = serde_json::to_value(it.label).expect("a label");
            let beginning: String = text[it.start..it.end].trim().chars().take(60).collect();
            format!("{} {}: {beginning}", label.as_str().unwrap_or_default(), it.reason)
        })
        .collect();
    let golden = json!({
        "article": article,
        "fields": evidence.fields,
        "left_out": evidence.left_out,
        "pieces": pieces,
    });
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "goldens" }, {
        insta::assert_json_snapshot!(name, golden);
    });
}

/// The seed that every rule of flattened text begins with, fact by fact.
#[test]
fn the_first_seed_is_read_truthfully() {
    let at = Instant::parse(RETRIEVED_AT).expect("a time");
    let seeds = dateline::archive::seeds::seeds(at);
    let seed = seeds.into_iter().find(|it| it.name.ends_with("pakistan-us-first-call.txt")).expect("the seed");
    let document = seed.document.expect("a document");
    let (article, evidence) = preview(&document).expect("readable");
    let facts = &article.facts;
    let place = facts.dateline.as_ref().and_then(|it| it.place.as_ref()).expect("a place");
    assert_eq!((place.id.as_str(), place.country.as_ref().map(|it| it.as_str())), ("islamabad", Some("PK")));
    assert_eq!(facts.language.as_deref(), Some("en"));
    assert_eq!(facts.published.at, None);
    assert_eq!(facts.published.latest, Some(at));
    assert!(facts.deck.is_some() && facts.publisher.is_some() && facts.word_count > 200);
    let headline = facts.headline.clone().expect("a headline");
    let text = String::from_utf8(document.content).expect("UTF-8");
    let field = evidence.fields.iter().find(|it| it.field == "headline").expect("evidence");
    assert_eq!(text[field.spans[0].start..field.spans[0].end], headline);
    let repeats = evidence.pieces.iter().filter(|it| it.reason == "headline repeated").count();
    assert_eq!((text.matches(headline.as_str()).count(), repeats), (2, 1));
}
