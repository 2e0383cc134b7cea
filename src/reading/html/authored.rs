//! Who wrote the page: what metadata states, then what is marked, then what readers see.

use super::{
    facts::{Facts, Said},
    visible,
};
use crate::{
    article::slug,
    enrich::{agencies, byline},
    reading::{Finding, limits::STATED_VALUES},
};

/// What is marked as a byline and is longer describes who wrote it.
const BYLINE_CHARS: usize = 160;

type Names = Finding<Vec<String>>;

impl Facts<'_> {
    pub(super) fn authors(&self) -> Option<Names> {
        let found: Vec<Names> = self.credits().into_iter().filter_map(|it| self.names(it)).collect();
        // A single word may be the name of an account.
        let full = |it: &&Names| it.value.iter().any(|it| it.contains(' ') || !it.is_ascii());
        let first = found.iter().find(full).or(found.first())?;
        // A form may have room for one name where the byline has several.
        let goes_on = |it: &&Names| {
            let among = |name: &String| it.value.iter().any(|it| it.ends_with(name.as_str()));
            it.rule == visible::BYLINE && it.value.len() > first.value.len() && first.value.iter().all(among)
        };
        let mut chosen = found.iter().find(goes_on).unwrap_or(first).clone();
        let differs = |it: &&Names| it.value != chosen.value;
        chosen.others = found.iter().filter(differs).map(|it| it.value.join("; ")).collect();
        chosen.others.dedup();
        Some(chosen)
    }

    /// What each place says, by rank.
    fn credits(&self) -> [Vec<Said>; 9] {
        // A longer text tells of an author, and of others too.
        let mut classes = self.together(&["class:byline", "class:author"], "byline-class");
        classes.retain(|it| it.text.chars().count() <= BYLINE_CHARS);
        [
            self.node("author"),
            self.meta(&["author", "article:author", "dc.creator", "parsely-author", "sailthru.author", "byl"], "meta"),
            self.together(&["itemprop:author"], "microdata"),
            self.labelled("written by"),
            self.together(&["rel:author"], "author-link"),
            visible::byline(self.lines(), self.headline().as_ref()).into_iter().collect(),
            classes,
            // Where a role stands beside it, the link is the name.
            self.together(&["link:author"], "byline-link"),
            // Of links to authors' pages the first: those of other stories follow.
            self.marked(&["href:author"], "author-address").into_iter().take(1).collect(),
        ]
    }

    /// The names in what one place says, without the publisher's and agencies'.
    fn names(&self, credit: Vec<Said>) -> Option<Names> {
        let publisher = self.publisher().map(|it| slug(&it.value.name));
        let publishes = |it: &str| Some(slug(it)) == publisher && !self.is_person(it);
        let mut names: Vec<String> = Vec::new();
        let (mut spans, mut rule) = (Vec::new(), "");
        for said in credit {
            // `Dream Wide, Travel Far` is a site of that name, and no two people.
            if publishes(&said.text) {
                continue;
            }
            let is_name = |it: &String| !publishes(it) && agencies::named(it).is_none() && !names.contains(it);
            let new: Vec<String> = byline::names(&said.text).into_iter().filter(is_name).collect();
            if !new.is_empty() && names.len() <= STATED_VALUES {
                names.extend(new);
                spans.extend(said.spans);
                rule = said.rule;
            }
        }
        // Beside a full name, a single word is a nickname, a link, a label.
        if names.iter().any(|it| it.contains(' ')) {
            names.retain(|it| it.contains(' '));
        }
        names.retain(|it| !it.starts_with("The ") && it != "By");
        (!names.is_empty()).then_some(Finding { value: names, spans, rule, others: Vec::new() })
    }

    /// Whether a page says that its publisher's name is that of a person who wrote the article, as on a writer's own site.
    fn is_person(&self, name: &str) -> bool {
        name.contains(' ')
            && (self.json_ld.is_some_and(|it| it.is_person(name))
                || self.labelled("written by").iter().any(|it| it.text == name))
    }

    /// The value beside a label, in Twitter's pairs of `<meta>`.
    fn labelled(&self, label: &str) -> Vec<Said> {
        let at = (1..=2).find(|at| {
            let name = format!("twitter:label{at}");
            self.scan.meta.iter().any(|it| it.name == name && it.value.to_lowercase() == label)
        });
        let Some(at) = at else { return Vec::new() };
        self.meta(&[&format!("twitter:data{at}")], "twitter-label")
    }
}
