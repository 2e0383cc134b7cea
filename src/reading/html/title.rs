//! The page's headline: the visible one, if metadata confirms it, else the one that metadata states, without the site's
//! name.

use super::{
    align,
    candidate::Candidate,
    markup_hints::{MarkupHint, Property},
    metadata::{Metadata, candidate, domain, first},
};
use crate::{
    enrich::dates,
    reading::{Finding, visible_text::visible_text},
};

/// Minimum words of a headline, and minimum letters of a site's name.
const TITLE_WORDS: usize = 3;
const SITE_LETTERS: usize = 3;

/// Separators between a headline and the site's name in a title.
const SEPARATORS: [&str; 8] = [" | ", " - ", " – ", " — ", " :: ", " » ", " • ", " · "];

/// Minimum similarity at which metadata confirms a visible headline: among several, and if it is the only one.
const SIMILARITY: f64 = 0.5;
const SIMILARITY_LONE: f64 = 0.2;

/// Maximum parts of a title that name the site: its own name, and the sections that the article is in.
const SITE_PARTS: usize = 4;

/// Maximum runs of text of a headline with other things before or behind it.
const HEADLINE_RUNS: usize = 16;

/// Minimum bytes of a headline that was cut for search engines; one that continues elsewhere was cut off.
const CUT_OFF_BYTES: usize = 100;

impl Metadata<'_> {
    pub(super) fn headline(&self) -> Option<Finding<String>> {
        self.headline.get_or_init(|| self.stated_headline()).clone()
    }

    fn stated_headline(&self) -> Option<Finding<String>> {
        let mut stated = self.node("headline");
        stated.extend(self.meta(&["og:title", "twitter:title", "dc.title"], "open-graph"));
        stated.extend(self.property(Property::Headline));
        let title = self.anywhere(MarkupHint::Title).find_map(|element| candidate(element, "title"));
        let mut visible = self.hinted(MarkupHint::H1, "h1");
        visible.retain(|h1| !title.as_ref().is_some_and(|title| self.ends_title(&h1.text, &title.text)));
        visible.iter_mut().for_each(|h1| h1.text = self.without_site(&unescaped_once(&h1.text), false));
        let minimum = if visible.iter().all(|h1| h1.text == visible[0].text) { SIMILARITY_LONE } else { SIMILARITY };
        let is_confirmed = |h1: &&Candidate| {
            let confirms = |candidate: &Candidate| {
                let (candidate, h1) = (candidate.text.to_lowercase(), h1.text.to_lowercase());
                let begins = candidate.starts_with(&h1) && h1.split_whitespace().count() >= TITLE_WORDS;
                align::similarity(&candidate, &h1) >= minimum
                    || h1.starts_with(candidate.trim_end_matches(['…', '.']))
                    || begins
            };
            !self.names_site(&h1.text) && stated.iter().chain(&title).any(confirms)
        };
        // The visible headline is what readers saw; metadata confirms that it is a headline and not the site's name.
        let agreed = visible.iter().find(is_confirmed).cloned();
        let only = (stated.is_empty() && title.is_none() || visible.len() == 1 && stated.is_empty())
            .then(|| visible.first().filter(|h1| !self.names_site(&h1.text)).cloned());
        let tidy = |candidate: Candidate| Candidate {
            text: self.without_site(&unescaped_once(&candidate.text), true),
            ..candidate
        };
        let stated: Vec<Candidate> = stated.into_iter().chain(title).map(tidy).collect();
        let agreed = agreed.map(|agreed| without_date(self.without_other_runs(agreed, &stated), &stated));
        let cut_off = |candidate: &Candidate| {
            candidate.text.len() >= CUT_OFF_BYTES && stated.iter().any(|other| continues(other, candidate))
        };
        let whole: Vec<Candidate> = stated.iter().filter(|candidate| !cut_off(candidate)).cloned().collect();
        first(agreed.into_iter().chain(only.flatten()).chain(whole).chain(visible).chain(stated.clone()).collect())
    }

    /// Removes a section, a topic or a source from the headline's element, if it is a separate run of text and a title is
    /// stated without it.
    fn without_other_runs(&self, visible: Candidate, titles: &[Candidate]) -> Candidate {
        let element = self.anywhere(MarkupHint::H1).find(|element| element.spans == visible.spans);
        let Some(element) = element.filter(|element| element.runs.len() <= HEADLINE_RUNS) else { return visible };
        let is_title = |text: &str| {
            text.split_whitespace().count() >= TITLE_WORDS && titles.iter().any(|title| title.text == text)
        };
        let parts = element.runs.iter().enumerate().skip(1).flat_map(|(at, start)| {
            let (before, behind) = element.text.split_at(*start);
            let (spans_before, spans_behind) = element.spans.split_at(at);
            [(behind, spans_behind), (before, spans_before)]
        });
        let mut parts = parts.map(|(text, spans)| (visible_text(text), spans));
        match parts.find(|(text, _)| is_title(text)) {
            Some((text, spans)) => Candidate { text, spans: spans.to_vec(), ..visible },
            None => visible,
        }
    }

    /// Whether a text is the site's name: the page's publisher, or a part of the domain.
    fn names_site(&self, text: &str) -> bool {
        let text: String =
            text.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        let publisher = self.publisher().map(|publisher| publisher.value);
        let name = publisher.map(|publisher| {
            publisher.name.chars().filter(|character| character.is_alphanumeric()).collect::<String>().to_lowercase()
        });
        let domain =
            self.url().and_then(|url| domain(&url.value)).or(self.base.as_ref().and_then(|base| domain(base.as_str())));
        let domain = domain.map(|domain| domain.replace(['.', '-'], ""));
        text.chars().count() >= SITE_LETTERS
            && (name.as_ref() == Some(&text) || domain.is_some_and(|domain| domain.contains(&text)))
    }

    /// Whether a text is only the last and shorter part of a title, like a site's name.
    fn ends_title(&self, text: &str, title: &str) -> bool {
        let words = |text: &str| text.split_whitespace().count();
        SEPARATORS.iter().any(|separator| {
            let ends = title.strip_suffix(text).and_then(|rest| rest.strip_suffix(separator));
            let long = |rest: &str| words(rest) >= TITLE_WORDS && words(rest) > words(text);
            ends.is_some_and(|rest| long(rest) && !self.names_site(rest))
        })
    }

    /// Removes the site's name from the end or the start of a title; if `guess`, also a few last words that may be one.
    fn without_site(&self, title: &str, guess: bool) -> String {
        let mut rest = title;
        for _ in 0..SITE_PARTS {
            match self.without_part(rest, guess) {
                Some(shorter) => rest = shorter,
                None => break,
            }
        }
        rest.to_owned()
    }

    /// Returns the title without the part of the site's name at one of its ends, if there is one.
    fn without_part<'t>(&self, title: &'t str, guess: bool) -> Option<&'t str> {
        SEPARATORS.iter().find_map(|separator| {
            let (rest, last) = title.rsplit_once(separator)?;
            let short = last.split_whitespace().count() <= 4 && rest.split_whitespace().count() >= TITLE_WORDS;
            if self.names_site(last) || guess && short && *separator != " - " {
                return Some(rest);
            }
            let (first, rest) = title.split_once(separator)?;
            self.names_site(first).then_some(rest)
        })
    }
}

/// Resolves the second escaping of a title that was escaped twice: `AT&amp;amp;T`.
fn unescaped_once(text: &str) -> String {
    crate::reading::feed::unescape::resolved(text).into_owned()
}

/// Whether a title is longer than another and begins with it. What a separator precedes is the site's name.
fn continues(title: &Candidate, begins: &Candidate) -> bool {
    let more = title.text.strip_prefix(begins.text.trim_end_matches(['…', '.']));
    more.is_some_and(|more| !more.is_empty() && !more.trim_start().starts_with(['-', '|', '–', '—', '·', '»']))
}

/// Removes a date that follows the headline in the same element, if a title ends before it.
fn without_date(visible: Candidate, titles: &[Candidate]) -> Candidate {
    for title in titles {
        let Some(rest) = visible.text.strip_prefix(title.text.as_str()).filter(|rest| !rest.is_empty()) else {
            continue;
        };
        if dates::stated(rest).is_some_and(|date| rest[..date.range.start].trim().is_empty()) {
            return Candidate { text: title.text.clone(), ..visible };
        }
    }
    visible
}
