//! What the page is called: the headline that readers see, if metadata vouches for it, else what metadata says, without the
//! site's name.

use super::{
    align,
    facts::{Facts, Said, domain, first, said},
};
use crate::{enrich::dates, reading::Finding};

/// A headline has so many words, and a site's name so many letters.
const TITLE_WORDS: usize = 3;
const SITE_LETTERS: usize = 3;

/// What sets the site's name apart in a title.
const SEPARATORS: [&str; 8] = [" | ", " - ", " – ", " — ", " :: ", " » ", " • ", " · "];

/// How alike metadata must be to a visible headline to vouch for it, among others and where it is the only one.
const ALIKE: f64 = 0.5;
const ALIKE_ALONE: f64 = 0.2;

/// Search engines are given this much of a headline; one that goes on elsewhere was cut off.
const CUT_OFF_BYTES: usize = 100;

impl Facts<'_> {
    pub(super) fn headline(&self) -> Option<Finding<String>> {
        self.headline.get_or_init(|| self.stated_headline()).clone()
    }

    fn stated_headline(&self) -> Option<Finding<String>> {
        let mut stated = self.node("headline");
        stated.extend(self.meta(&["og:title", "twitter:title", "dc.title"], "open-graph"));
        stated.extend(self.marked(&["itemprop:headline"], "microdata"));
        let title = self.anywhere("title").find_map(|it| said(it, "title"));
        let mut visible = self.marked(&["h1"], "h1");
        visible.retain(|h1| !title.as_ref().is_some_and(|it| self.ends_title(&h1.text, &it.text)));
        visible.iter_mut().for_each(|it| it.text = self.without_site(&unescaped_once(&it.text), false));
        let alike = if visible.iter().all(|it| it.text == visible[0].text) { ALIKE_ALONE } else { ALIKE };
        let vouched = |h1: &&Said| {
            let likes = |it: &Said| {
                let (it, h1) = (it.text.to_lowercase(), h1.text.to_lowercase());
                let begins = it.starts_with(&h1) && h1.split_whitespace().count() >= TITLE_WORDS;
                align::likeness(&it, &h1) >= alike || h1.starts_with(it.trim_end_matches(['…', '.'])) || begins
            };
            !self.names_site(&h1.text) && stated.iter().chain(&title).any(likes)
        };
        // The visible headline is what readers saw; metadata vouches that it is one and not the site's name.
        let agreed = visible.iter().find(vouched).cloned();
        let only = (stated.is_empty() && title.is_none() || visible.len() == 1 && stated.is_empty())
            .then(|| visible.first().filter(|it| !self.names_site(&it.text)).cloned());
        let tidy = |it: Said| Said { text: self.without_site(&unescaped_once(&it.text), true), ..it };
        let stated: Vec<Said> = stated.into_iter().chain(title).map(tidy).collect();
        let agreed = agreed.map(|it| without_date(it, &stated));
        let cut_off = |it: &Said| it.text.len() >= CUT_OFF_BYTES && stated.iter().any(|other| goes_on(other, it));
        let whole: Vec<Said> = stated.iter().filter(|it| !cut_off(it)).cloned().collect();
        first(agreed.into_iter().chain(only.flatten()).chain(whole).chain(visible).chain(stated.clone()).collect())
    }

    /// Whether a text is the site's name: what the page calls its publisher, or letters of the domain.
    fn names_site(&self, text: &str) -> bool {
        let text: String = text.chars().filter(|it| it.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        let publisher = self.publisher().map(|it| it.value);
        let name =
            publisher.map(|it| it.name.chars().filter(|it| it.is_alphanumeric()).collect::<String>().to_lowercase());
        let domain =
            self.url().and_then(|it| domain(&it.value)).or(self.base.as_ref().and_then(|it| domain(it.as_str())));
        let domain = domain.map(|it| it.replace(['.', '-'], ""));
        text.chars().count() >= SITE_LETTERS
            && (name.as_ref() == Some(&text) || domain.is_some_and(|it| it.contains(&text)))
    }

    /// Whether a text is only the last and shorter part of a title, as a site's name is.
    fn ends_title(&self, text: &str, title: &str) -> bool {
        let words = |it: &str| it.split_whitespace().count();
        SEPARATORS.iter().any(|it| {
            let ends = title.strip_suffix(text).and_then(|rest| rest.strip_suffix(it));
            let long = |rest: &str| words(rest) >= TITLE_WORDS && words(rest) > words(text);
            ends.is_some_and(|rest| long(rest) && !self.names_site(rest))
        })
    }

    /// A title without the site's name behind or before it; if `guess`, also without a few words that may be one.
    fn without_site(&self, title: &str, guess: bool) -> String {
        for separator in SEPARATORS {
            let Some((rest, last)) = title.rsplit_once(separator) else { continue };
            let short = last.split_whitespace().count() <= 4 && rest.split_whitespace().count() >= TITLE_WORDS;
            if self.names_site(last) || guess && short && separator != " - " {
                return self.without_site(rest, guess);
            }
            if let Some((first, rest)) = title.split_once(separator)
                && self.names_site(first)
            {
                return rest.to_owned();
            }
        }
        title.to_owned()
    }
}

/// A title that was escaped twice: `AT&amp;amp;T`.
fn unescaped_once(text: &str) -> String {
    crate::reading::feed::escapes::resolved(text).into_owned()
}

/// Whether one title begins with all of another.
fn goes_on(title: &Said, begins: &Said) -> bool {
    title.text.len() > begins.text.len() && title.text.starts_with(begins.text.trim_end_matches(['…', '.']))
}

/// A visible headline without the date or the count that stands in its element, where a title ends before it.
fn without_date(visible: Said, titles: &[Said]) -> Said {
    for title in titles {
        let Some(rest) = visible.text.strip_prefix(title.text.as_str()).filter(|it| !it.is_empty()) else { continue };
        if dates::stated(rest).is_some_and(|it| rest[..it.range.start].trim().is_empty()) {
            return Said { text: title.text.clone(), ..visible };
        }
    }
    visible
}
