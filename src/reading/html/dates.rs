//! The page's dates of publication and change: from metadata first, then from visible text, then from its URL.

use super::{
    candidate::Candidate,
    markup_hints::{ClassHint, MarkupHint, Property},
    metadata::{Metadata, adjacent, candidate, in_body},
    scan::{HintedElement, HtmlBlock},
    visible_metadata,
};
use crate::{
    article::Published,
    enrich::dates,
    reading::{
        Finding,
        publication_date::{META_MODIFIED, META_PUBLISHED},
        visible_text::visible_text,
    },
};

impl Candidate {
    /// Returns the candidate with the date that it states.
    fn dated(self) -> Option<(Published, Self)> {
        Some((dates::any(&self.text)?, self))
    }
}

impl Metadata<'_> {
    pub(super) fn published(&self) -> Option<Finding<Published>> {
        let mut candidates = self.node("datePublished");
        candidates.extend(self.meta(&META_PUBLISHED, "meta"));
        candidates.extend(self.property(Property::DatePublished));
        candidates.extend(self.node("dateCreated"));
        let mut found: Vec<(Published, Candidate)> = candidates.into_iter().filter_map(Candidate::dated).collect();
        found.extend(self.visible_dates(false));
        let address = self.url().or(self.base.as_ref().map(|base| Finding {
            value: base.to_string(),
            spans: Vec::new(),
            rule: "document-url",
            alternatives: Vec::new(),
        }));
        found.extend(address.and_then(|address| {
            let candidates = Candidate { text: address.value, spans: address.spans, rule: "url-path" };
            Some((dates::in_path(&candidates.text)?, candidates))
        }));
        found.retain(|(published, _)| dates::is_possible(published, self.retrieved_at));
        dated(found)
    }

    /// Returns the visible dates: those of changes if `of_change`, else all others.
    fn visible_dates(&self, of_change: bool) -> Vec<(Published, Candidate)> {
        let hinted = |hint: MarkupHint, rule: &'static str, anywhere: bool| {
            let found = self.anywhere(hint).filter(move |element| anywhere || in_body(element));
            let dated = found.filter_map(move |element| Some((element, candidate(element, rule)?.dated()?)));
            adjacent(dated).filter(move |(element, _)| self.is_of_change(element) == of_change).map(|(_, dated)| dated)
        };
        let mut found: Vec<_> = hinted(MarkupHint::Time, "time-element", false).collect();
        found.extend(hinted(MarkupHint::Class(ClassHint::Date), "date-class", false));
        found.extend(
            self.headline().and_then(|headline| visible_metadata::date(self.scan, self.lines(), &headline, of_change)),
        );
        found.extend(hinted(MarkupHint::Time, "time-element", true).next());
        found
    }

    /// Whether words before the date on its line state that it is the date of a change.
    fn is_of_change(&self, date: &HintedElement) -> bool {
        let text = visible_text(&date.text);
        let start = dates::stated(&text).map_or(0, |date| date.range.start);
        let line = self.line_of(date).and_then(|line| line.text.get(..line.text.find(&text)? + start));
        dates::is_of_change(line.unwrap_or(&text[..start]))
    }

    /// Returns the short line that contains an element.
    fn line_of(&self, element: &HintedElement) -> Option<&HtmlBlock> {
        let first = element.spans.first()?;
        let lines = self.lines();
        let at = lines.partition_point(|line| line.spans.last().is_some_and(|last| last.start < first.start));
        lines.get(at).copied().filter(|line| line.spans.contains(first))
    }

    pub(super) fn modified(&self) -> Option<Finding<Published>> {
        let mut candidates = self.node("dateModified");
        candidates.extend(self.meta(&META_MODIFIED, "meta"));
        candidates.extend(self.property(Property::DateModified));
        let found = candidates.into_iter().filter_map(Candidate::dated);
        dated(found.chain(self.visible_dates(true)).collect())
    }
}

fn dated(found: Vec<(Published, Candidate)>) -> Option<Finding<Published>> {
    let mut found = found.into_iter();
    let (value, candidates) = found.next()?;
    let mut alternatives: Vec<String> = Vec::new();
    for other in found.filter(|(date, _)| date.at != value.at).filter_map(|(date, _)| date.stated()) {
        if !alternatives.contains(&other) {
            alternatives.push(other);
        }
    }
    Some(Finding { value, spans: candidates.spans, rule: candidates.rule, alternatives })
}
