//! The page's dates of publication and change: from metadata first, then from visible text, then from its URL.

use super::{
    candidate::Candidate,
    markup_hints::{ClassHint, MarkupHint, Property},
    metadata::{Metadata, adjacent, candidate, in_body},
    scan::{HintedElement, HtmlBlock},
    script_dates, visible_metadata,
};
use crate::{
    article::{Instant, Precision, Published},
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
        found.extend(address.and_then(|address| of_path(address, "url-path")));
        let is_possible = |(published, _): &(Published, Candidate)| dates::is_possible(published, self.retrieved_at);
        found.retain(is_possible);
        if found.is_empty() {
            found.extend(self.last_resorts().find(is_possible));
        }
        dated(on_its_local_day(found))
    }

    /// Yields dates from where they may be those of something else: read only if the page states none elsewhere.
    fn last_resorts(&self) -> impl Iterator<Item = (Published, Candidate)> {
        let lines = || visible_metadata::lines_of_any_region(&self.scan.blocks);
        let headline = self.headline();
        script_dates::first(self.document, self.scan)
            .into_iter()
            .chain(visible_metadata::published_in_words(&self.scan.blocks))
            .chain(headline.and_then(|headline| visible_metadata::date(self.scan, &lines(), &headline, false)))
            .chain(self.image().filter(|_| self.modified().is_none()).and_then(|image| of_path(image, "image-path")))
    }

    /// Returns the visible dates: those of changes if `of_change`, else all others.
    fn visible_dates(&self, of_change: bool) -> Vec<(Published, Candidate)> {
        let hinted = |hint: MarkupHint, rule: &'static str, anywhere: bool| {
            let found = self.anywhere(hint).filter(move |element| anywhere || in_body(element));
            let dated = found.filter_map(move |element| Some((element, dated_element(element, rule)?)));
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

/// Returns the date of an element: of its attribute, else of its text.
fn dated_element(element: &HintedElement, rule: &'static str) -> Option<(Published, Candidate)> {
    let text = visible_text(&element.text);
    let shown = || Candidate { text, spans: element.spans.clone(), rule }.dated();
    candidate(element, rule)?.dated().or_else(shown)
}

fn of_path(address: Finding<String>, rule: &'static str) -> Option<(Published, Candidate)> {
    let published = dates::in_path(&address.value)?;
    Some((published, Candidate { text: address.value, spans: address.spans, rule }))
}

/// Moves a date to the front that states the publisher's day, where the first states a moment without an offset: the
/// same moment with its offset, else the day before or after that the page shows its readers.
fn on_its_local_day(mut found: Vec<(Published, Candidate)>) -> Vec<(Published, Candidate)> {
    let Some((first, _)) = found.first() else { return found };
    let (Some(at), None, Some(day)) = (first.at, first.offset, first.day()) else { return found };
    if first.precision == Some(Precision::Day) {
        return found;
    }
    let with_offset = found.iter().position(|(other, _)| other.at == Some(at) && other.offset.is_some());
    let is_next_day = |other: &Published| {
        let days = other.day().and_then(|other| (other - day).get_days().checked_abs());
        other.precision == Some(Precision::Day) && days == Some(1) && is_within_a_zone(at, other)
    };
    let same_day =
        found.iter().skip(1).any(|(other, _)| other.precision == Some(Precision::Day) && other.day() == Some(day));
    let local = || found.iter().position(|(other, candidate)| candidate.rule != "url-path" && is_next_day(other));
    if let Some(local) = with_offset.or_else(|| if same_day { None } else { local() }) {
        found[..=local].rotate_right(1);
    }
    found
}

/// Whether a moment is within a day in some time zone: 12 hours behind UTC to 14 before it.
fn is_within_a_zone(at: Instant, day: &Published) -> bool {
    let hours = |hours: i64| jiff::SignedDuration::from_hours(hours);
    let (Some(earliest), Some(latest)) = (day.earliest, day.latest) else { return false };
    at.timestamp() >= earliest.timestamp() - hours(14) && at.timestamp() < latest.timestamp() + hours(12)
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
