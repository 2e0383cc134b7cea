//! The evidence of every field of a draft, collected while the draft is made.

use super::{Finding, Paragraph, normalisation};
use crate::{
    article::{Dateline, FieldEvidence, Place, Span, canonical_language_tag},
    enrich::dateline,
};

/// Strips the role: `Ishaq Dar` from `Ishaq Dar, Foreign Minister`.
fn without_role(name: &str) -> String {
    name.split_once(", ").map_or(name, |(name, _)| name).to_owned()
}

#[derive(Default)]
pub(super) struct EvidenceFields(Vec<FieldEvidence>);

impl EvidenceFields {
    pub fn note(
        &mut self,
        field: &str,
        spans: Vec<Span>,
        rule: &str,
        normalised: Option<String>,
        alternatives: Vec<String>,
    ) {
        let (field, rule) = (field.to_owned(), rule.to_owned());
        self.0.push(FieldEvidence { field, spans, rule, normalised, normalisation: None, alternatives });
    }

    /// Adds to each field how the text at its spans yields its value.
    pub fn with_normalisations(self, document: &str, body: &[String]) -> Vec<FieldEvidence> {
        let normalise = |mut field: FieldEvidence| {
            let value = match field.field.as_str() {
                "body" => Some(body.concat()),
                // The mentions hold the name; the role is next to one of them.
                other if other.starts_with("entities[") => field.normalised.as_deref().map(without_role),
                _ => field.normalised.clone(),
            };
            field.normalisation = value.and_then(|value| normalisation::normalisation(document, &field.spans, &value));
            field
        };
        self.0.into_iter().map(normalise).collect()
    }

    pub fn finding<T>(
        &mut self,
        field: &str,
        found: Option<Finding<T>>,
        normalised: impl FnOnce(&T) -> Option<String>,
    ) -> Option<T> {
        let found = found?;
        self.note(field, found.spans, found.rule, normalised(&found.value), found.alternatives);
        Some(found.value)
    }

    pub fn text(&mut self, field: &str, found: Option<Finding<String>>) -> Option<String> {
        self.finding(field, found, |text| Some(text.clone()))
    }

    pub fn dateline(&mut self, printed: Finding<String>) -> Dateline {
        let place = dateline::place(&printed.value);
        if let Some(Place { id, country, .. }) = &place {
            let country = country.as_ref().map_or("", |country| country.as_str());
            self.note("dateline.place", printed.spans.clone(), "places-table", Some(format!("{id} {country}")), vec![]);
        }
        self.note("dateline", printed.spans, printed.rule, Some(printed.value.clone()), printed.alternatives);
        Dateline { text: printed.value, place }
    }

    pub fn body(&mut self, paragraphs: &[Paragraph]) -> Vec<String> {
        let spans: Vec<Span> = paragraphs.iter().flat_map(|paragraph| paragraph.spans.iter().copied()).collect();
        if !spans.is_empty() {
            self.note("body", spans, "story", None, vec![]);
        }
        paragraphs.iter().map(|paragraph| paragraph.text.clone()).collect()
    }

    /// Returns the URL that the page states as its own, else the URL that the document was retrieved from.
    pub fn url(&mut self, found: Option<Finding<String>>, retrieved_from: Option<&str>) -> Option<String> {
        let found = found.or_else(|| {
            let url = retrieved_from?.to_owned();
            Some(Finding { value: url, spans: Vec::new(), rule: "came-from", alternatives: Vec::new() })
        });
        self.text("url", found)
    }

    /// Prefers the detected language: a declaration may be copied from a template.
    pub fn language(&mut self, detected: Option<&'static str>, declared: Option<Finding<String>>) -> Option<String> {
        let declared =
            declared.and_then(|declared| Some(Finding { value: canonical_language_tag(&declared.value)?, ..declared }));
        let Some(detected) = detected else { return self.text("language", declared) };
        let primary = |text: &String| text.split('-').next().unwrap_or_default().to_ascii_lowercase();
        match declared {
            // `pt-BR` is more specific than `pt` and agrees with it.
            Some(declared) if primary(&declared.value) == detected => self.text("language", Some(declared)),
            declared => {
                let alternatives = declared.map(|named| named.value).into_iter().collect();
                self.note("language", vec![], "told-from-the-text", Some(detected.to_owned()), alternatives);
                Some(detected.to_owned())
            }
        }
    }
}
