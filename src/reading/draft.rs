//! Turns a page into a draft: derives the remaining facts from the texts that were found, and collects the evidence.

use super::{
    Decoded, DocumentFormat, Finding, ParsedPage, ReadError,
    annotate::{self, Context, Missing, Texts},
    evidence_fields::EvidenceFields,
    publication_date, text,
};
use crate::{
    article::{Author, Detail, Draft, Evidence, Facts, Published, RawDocument, Span},
    enrich::{language, reading_time},
    limits::STATED_VALUES,
};

/// Bytes of text that are enough to detect the language; more does not change the result.
const LANGUAGE_BYTES: usize = 1_500;

/// Builds the draft. `page` is the result of reading the text behind a byte-order mark.
pub fn draft(document: &RawDocument, decoded: &Decoded, page: ParsedPage) -> Result<Draft, ReadError> {
    let mark = decoded.mark_bytes();
    let page = if mark == 0 { page } else { page.behind(mark, "byte-order mark") };
    debug_assert!(page.tiles(&decoded.text), "the pieces must tile the document");
    if page.headline.is_none() && page.body.is_empty() {
        return Err(ReadError::NothingToRead);
    }
    let mut fields = EvidenceFields::default();
    let (headline_spans, deck_spans) = (spans(&page.headline), spans(&page.deck));
    let headline = fields.text("headline", page.headline);
    let deck = fields.text("deck", page.deck);
    let dateline = page.dateline.map(|printed| fields.dateline(printed));
    let body = fields.body(&page.body);
    let mut left_out = page.left_out;
    if decoded.faulty > 0 {
        let (count, encoding) = (decoded.faulty, decoded.encoding);
        left_out.push(format!("document: {count} byte sequences that are not valid in {encoding} are read as U+FFFD"));
    }
    let authors = truncated("authors", page.authors, &mut left_out);
    let authors = fields.finding("authors", authors, |names| Some(names.join("; "))).unwrap_or_default();
    let detected = detect_language(headline.as_deref(), &body);
    let word_count = reading_time::words(&body);
    let defaults = document.defaults.clone().unwrap_or_default();
    let language = fields.language(detected.language, page.language.or(source_default(defaults.language)));
    let (stated, impossible) = publication_date::stated(page.published, page.modified.as_ref(), document.retrieved_at);
    let published =
        fields.finding("published", stated, Published::stated).filter(|published| *published != Published::default());
    let (modified, too_early) = publication_date::changed(page.modified, published.as_ref());
    let summary = fields.text("summary", page.summary);
    let keywords = truncated("keywords", page.keywords, &mut left_out);
    let keywords = fields.finding("keywords", keywords, |keywords| Some(keywords.join("; "))).unwrap_or_default();
    let annotations = annotate::annotate(
        &Texts {
            document: &decoded.text,
            form: decoded.form,
            headline: headline.as_deref().map(|headline| (headline, headline_spans.as_slice())),
            deck: deck.as_deref().map(|deck| (deck, deck_spans.as_slice())),
            body: &body,
            paragraphs: &page.body,
        },
        &Context {
            language: language.as_deref(),
            dateline: dateline.as_ref(),
            authors: &authors,
            published: published.as_ref(),
            country: defaults.country.as_ref(),
        },
        Missing { summary: summary.is_none(), keywords: keywords.is_empty() },
        &mut fields,
    );
    let publisher =
        page.publisher.or(source_default(defaults.publisher.map(|publisher| text::publisher::publisher(&publisher))));
    let facts = Facts {
        // A feed's own address is not the address of its entries.
        url: fields.url(page.url, document.url.as_deref().filter(|_| decoded.form != DocumentFormat::Feed)),
        publisher: fields.finding("publisher", publisher, |publisher| Some(publisher.name.clone())),
        authors: authors.into_iter().map(|name| Author { name }).collect(),
        agency: fields.text("agency", page.agency),
        dateline,
        published: publication_date::resolve(published, annotations.published, document.retrieved_at),
        modified_at: fields.finding("modified_at", modified, Published::stated).and_then(|modified| modified.at),
        language,
        script: detected.script.map(str::to_owned),
        word_count,
        reading_seconds: reading_time::reading_seconds(word_count, detected.script),
        summary: summary.or(annotations.summary),
        keywords: if keywords.is_empty() { annotations.keywords } else { keywords },
        image: fields.text("image", page.image),
        section: fields.text("section", page.section),
        partial: page.partial,
        headline,
        deck,
        topics: annotations.topics,
        entities: annotations.entities,
    };
    let evidence = Evidence {
        encoding: decoded.encoding.to_owned(),
        pieces: page.pieces,
        fields: fields.with_normalisations(&decoded.text, &body),
        left_out: left_out.into_iter().chain(impossible).chain(too_early).chain(annotations.left_out).collect(),
    };
    let detail = Detail { body, quantities: annotations.quantities, mentioned_dates: annotations.mentioned_dates };
    Ok(Draft { media_type: decoded.media_type(), facts, detail, evidence })
}

/// Returns a default of the source as a finding. It has no spans, because the document does not state it.
fn source_default<T>(value: Option<T>) -> Option<Finding<T>> {
    value.map(|value| Finding { value, spans: Vec::new(), rule: "source-default", alternatives: Vec::new() })
}

fn spans<T>(found: &Option<Finding<T>>) -> Vec<Span> {
    found.as_ref().map(|finding| finding.spans.clone()).unwrap_or_default()
}

/// Truncates the values to the number that an article keeps.
fn truncated(
    field: &str,
    stated: Option<Finding<Vec<String>>>,
    left_out: &mut Vec<String>,
) -> Option<Finding<Vec<String>>> {
    let mut finding = stated?;
    if finding.value.len() > STATED_VALUES {
        left_out.push(format!("stated_values: {field}: over {STATED_VALUES} are stated; only the first were read"));
        finding.value.truncate(STATED_VALUES);
    }
    Some(finding)
}

fn detect_language(headline: Option<&str>, body: &[String]) -> language::Written {
    let mut text = String::new();
    // The body first: headlines are short, and in some publications all capitals.
    for part in body.iter().map(String::as_str).chain(headline) {
        if text.len() > LANGUAGE_BYTES {
            break;
        }
        text.push_str(part);
        text.push('\n');
    }
    language::detect(&text)
}
