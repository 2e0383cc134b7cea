//! From a page to a draft: what follows from the texts that were found, and the evidence of all of it.

use super::{
    Decoded, Finding, Form, Page, Paragraph, ReadError,
    limits::STATED_VALUES,
    meaning::{self, Known, Missing, Texts},
    reread, text,
};
use crate::{
    article::{
        Author, Basis, Dateline, Detail, Draft, Evidence, Facts, FieldEvidence, Instant, Place, Published, RawDocument,
        Span,
    },
    enrich::{dateline, dates, language, length},
};

/// As much text as the language is told from; more changes nothing.
const LANGUAGE_BYTES: usize = 1_500;

/// `page` is of the text behind a byte-order mark.
pub fn draft(document: &RawDocument, decoded: &Decoded, page: Page) -> Result<Draft, ReadError> {
    let mark = decoded.mark_bytes();
    let page = if mark == 0 { page } else { page.behind(mark, "byte-order mark") };
    debug_assert!(page.tiles(&decoded.text), "the pieces are not the document");
    if page.headline.is_none() && page.body.is_empty() {
        return Err(ReadError::NothingToRead);
    }
    let mut fields = Fields::default();
    let (headline_spans, deck_spans) = (spans(&page.headline), spans(&page.deck));
    let headline = fields.text("headline", page.headline);
    let deck = fields.text("deck", page.deck);
    let dateline = page.dateline.map(|printed| fields.dateline(printed));
    let body = fields.body(&page.body);
    let mut left_out = page.left_out;
    let authors = as_many("authors", page.authors, &mut left_out);
    let authors = fields.finding("authors", authors, |names| Some(names.join("; "))).unwrap_or_default();
    let written = written(headline.as_deref(), &body);
    let word_count = length::words(&body);
    let said = document.defaults.clone().unwrap_or_default();
    let language = fields.language(written.language, page.language.or(of_the_source(said.language)));
    let (stated, impossible) = possible(page.published, document.retrieved_at);
    let by_change = || page.modified.clone().map(|it| it.map(published_by));
    let published = fields
        .finding("published", stated.or_else(by_change), Published::stated)
        .filter(|it| *it != Published::default());
    let summary = fields.text("summary", page.summary);
    let keywords = as_many("keywords", page.keywords, &mut left_out);
    let keywords = fields.finding("keywords", keywords, |it| Some(it.join("; "))).unwrap_or_default();
    let meaning = meaning::mean(
        &Texts {
            document: &decoded.text,
            form: decoded.form,
            headline: headline.as_deref().map(|it| (it, headline_spans.as_slice())),
            deck: deck.as_deref().map(|it| (it, deck_spans.as_slice())),
            body: &body,
            paragraphs: &page.body,
        },
        &Known {
            language: language.as_deref(),
            dateline: dateline.as_ref(),
            authors: &authors,
            published: published.as_ref(),
            country: said.country.as_ref(),
        },
        Missing { summary: summary.is_none(), keywords: keywords.is_empty() },
        &mut fields,
    );
    let publisher = page.publisher.or(of_the_source(said.publisher.map(|it| text::publisher::publisher(&it))));
    let facts = Facts {
        // A feed's address is no entry's.
        url: fields.url(page.url, document.url.as_deref().filter(|_| decoded.form != Form::Feed)),
        publisher: fields.finding("publisher", publisher, |it| Some(it.name.clone())),
        authors: authors.into_iter().map(|name| Author { name }).collect(),
        agency: fields.text("agency", page.agency),
        dateline,
        published: published
            .or(meaning.published)
            .map_or_else(|| unstated(document.retrieved_at), |it| not_after(it, document.retrieved_at)),
        modified_at: fields.finding("modified_at", page.modified, Published::stated).and_then(|it| it.at),
        language,
        script: written.script.map(str::to_owned),
        word_count,
        reading_seconds: length::reading_seconds(word_count, written.script),
        summary: summary.or(meaning.summary),
        keywords: if keywords.is_empty() { meaning.keywords } else { keywords },
        image: fields.text("image", page.image),
        section: fields.text("section", page.section),
        partial: page.partial,
        headline,
        deck,
        topics: meaning.topics,
        entities: meaning.entities,
    };
    let evidence = Evidence {
        encoding: decoded.encoding.to_owned(),
        pieces: page.pieces,
        fields: fields.read_again(&decoded.text, &body),
        left_out: left_out.into_iter().chain(impossible).chain(meaning.left_out).collect(),
    };
    let detail = Detail { body, quantities: meaning.quantities, mentioned_dates: meaning.mentioned_dates };
    Ok(Draft { media_type: decoded.media_type(), facts, detail, evidence })
}

/// What the document itself does not say. It stands nowhere in its bytes.
fn of_the_source<T>(said: Option<T>) -> Option<Finding<T>> {
    said.map(|value| Finding { value, spans: Vec::new(), rule: "source-default", others: Vec::new() })
}

fn spans<T>(found: &Option<Finding<T>>) -> Vec<Span> {
    found.as_ref().map(|it| it.spans.clone()).unwrap_or_default()
}

/// The stated date, or why it cannot be true.
fn possible(stated: Option<Finding<Published>>, retrieved_at: Instant) -> (Option<Finding<Published>>, Option<String>) {
    match stated {
        Some(it) if !dates::is_possible(&it.value, retrieved_at) => {
            let stated = it.value.stated().unwrap_or_default();
            (None, Some(format!("published: {stated} is stated ({}), which is after the retrieval", it.rule)))
        }
        stated => (stated, None),
    }
}

/// As many values as an article keeps.
fn as_many(
    field: &str,
    stated: Option<Finding<Vec<String>>>,
    left_out: &mut Vec<String>,
) -> Option<Finding<Vec<String>>> {
    let mut kept = stated?;
    if kept.value.len() > STATED_VALUES {
        left_out.push(format!("stated_values: {field}: over {STATED_VALUES} are stated, and the first were read"));
        kept.value.truncate(STATED_VALUES);
    }
    Some(kept)
}

/// No date is stated, but nothing is retrieved before it is published.
fn unstated(retrieved_at: Instant) -> Published {
    Published {
        basis: Some(Basis::Inferred),
        latest: Some(retrieved_at),
        reasoning: Some("the document states no full date; it was published before it was retrieved".to_owned()),
        ..Published::default()
    }
}

/// Of a document that only says when it was changed: at that moment, or on that day.
fn published_by(modified: Published) -> Published {
    Published {
        basis: Some(Basis::Inferred),
        latest: modified.latest.or(modified.at),
        reasoning: Some("the document says only when it was last changed; it was published by then".to_owned()),
        ..Published::default()
    }
}

/// What is inferred is bounded by the retrieval as well.
fn not_after(published: Published, retrieved_at: Instant) -> Published {
    if published.basis != Some(Basis::Inferred) {
        return published;
    }
    let latest = published.latest.map_or(retrieved_at, |it| it.min(retrieved_at));
    Published { latest: Some(latest), ..published }
}

fn written(headline: Option<&str>, body: &[String]) -> language::Written {
    let mut text = String::new();
    // The story first: headlines are short, and in some publications all capitals.
    for part in body.iter().map(String::as_str).chain(headline) {
        if text.len() > LANGUAGE_BYTES {
            break;
        }
        text.push_str(part);
        text.push('\n');
    }
    language::detect(&text)
}

/// `Ishaq Dar` of `Ishaq Dar, Foreign Minister`.
fn name_alone(told: &str) -> String {
    told.split_once(", ").map_or(told, |it| it.0).to_owned()
}

#[derive(Default)]
pub(super) struct Fields(Vec<FieldEvidence>);

impl Fields {
    pub fn note(&mut self, field: &str, spans: Vec<Span>, rule: &str, normalised: Option<String>, others: Vec<String>) {
        let (field, rule) = (field.to_owned(), rule.to_owned());
        self.0.push(FieldEvidence { field, spans, rule, normalised, normalisation: None, others });
    }

    /// Each with how its places give its value.
    fn read_again(self, document: &str, body: &[String]) -> Vec<FieldEvidence> {
        let again = |mut field: FieldEvidence| {
            let value = match field.field.as_str() {
                "body" => Some(body.concat()),
                // The name stands at the mentions; the role is told beside one of them.
                it if it.starts_with("entities[") => field.normalised.as_deref().map(name_alone),
                _ => field.normalised.clone(),
            };
            field.normalisation = value.and_then(|it| reread::normalisation(document, &field.spans, &it));
            field
        };
        self.0.into_iter().map(again).collect()
    }

    fn finding<T>(
        &mut self,
        field: &str,
        found: Option<Finding<T>>,
        normalised: impl FnOnce(&T) -> Option<String>,
    ) -> Option<T> {
        let found = found?;
        self.note(field, found.spans, found.rule, normalised(&found.value), found.others);
        Some(found.value)
    }

    fn text(&mut self, field: &str, found: Option<Finding<String>>) -> Option<String> {
        self.finding(field, found, |it| Some(it.clone()))
    }

    fn dateline(&mut self, printed: Finding<String>) -> Dateline {
        let place = dateline::place(&printed.value);
        if let Some(Place { id, country, .. }) = &place {
            let country = country.as_ref().map_or("", |it| it.as_str());
            self.note("dateline.place", printed.spans.clone(), "places-table", Some(format!("{id} {country}")), vec![]);
        }
        self.note("dateline", printed.spans, printed.rule, Some(printed.value.clone()), printed.others);
        Dateline { text: printed.value, place }
    }

    fn body(&mut self, paragraphs: &[Paragraph]) -> Vec<String> {
        let spans: Vec<Span> = paragraphs.iter().flat_map(|it| it.spans.iter().copied()).collect();
        if !spans.is_empty() {
            self.note("body", spans, "story", None, vec![]);
        }
        paragraphs.iter().map(|it| it.text.clone()).collect()
    }

    /// What the page calls its own address, else the one that the document came from.
    fn url(&mut self, found: Option<Finding<String>>, came_from: Option<&str>) -> Option<String> {
        let found = found.or_else(|| {
            let url = came_from?.to_owned();
            Some(Finding { value: url, spans: Vec::new(), rule: "came-from", others: Vec::new() })
        });
        self.text("url", found)
    }

    /// The text proves its language better than a page that was copied from a template declares it.
    fn language(&mut self, proved: Option<&'static str>, declared: Option<Finding<String>>) -> Option<String> {
        let Some(proved) = proved else { return self.text("language", declared) };
        let primary = |it: &String| it.split('-').next().unwrap_or_default().to_ascii_lowercase();
        match declared {
            // `pt-BR` says more than `pt` and agrees with it.
            Some(declared) if primary(&declared.value) == proved => self.text("language", Some(declared)),
            declared => {
                let others = declared.map(|it| it.value).into_iter().collect();
                self.note("language", vec![], "told-from-the-text", Some(proved.to_owned()), others);
                Some(proved.to_owned())
            }
        }
    }
}
