//! The authors of the page: from metadata, then from hinted elements, then from visible text.

use super::{
    candidate::Candidate,
    markup_hints::{ClassHint, MarkupHint, Property},
    metadata::Metadata,
    visible_metadata,
};
use crate::{
    article::slug,
    enrich::{agencies, byline},
    limits::STATED_VALUES,
    reading::Finding,
};

/// Maximum characters of a byline. A longer hinted text describes its author.
const BYLINE_CHARS: usize = 160;

type AuthorNames = Finding<Vec<String>>;

impl Metadata<'_> {
    pub(super) fn authors(&self) -> Option<AuthorNames> {
        let found: Vec<AuthorNames> = self.credits().into_iter().filter_map(|credit| self.names(credit)).collect();
        // A single word may be an account name.
        let full = |names: &&AuthorNames| names.value.iter().any(|name| name.contains(' ') || !name.is_ascii());
        let first = found.iter().find(full).or(found.first())?;
        // A metadata form may have room for one name where the byline has several.
        let is_longer = |named: &&AuthorNames| {
            let among = |name: &String| named.value.iter().any(|text| text.ends_with(name.as_str()));
            named.rule == visible_metadata::BYLINE
                && named.value.len() > first.value.len()
                && first.value.iter().all(among)
        };
        let mut chosen = found.iter().find(is_longer).unwrap_or(first).clone();
        let differs = |names: &&AuthorNames| names.value != chosen.value;
        chosen.alternatives = found.iter().filter(differs).map(|names| names.value.join("; ")).collect();
        chosen.alternatives.dedup();
        Some(chosen)
    }

    /// Returns the candidates of each source, by rank.
    fn credits(&self) -> [Vec<Candidate>; 9] {
        // A longer text describes an author, and names others too.
        let class = |hint| self.first_adjacent(MarkupHint::Class(hint), "byline-class");
        let mut classes = [class(ClassHint::Byline), class(ClassHint::Author)].concat();
        classes.retain(|class| class.text.chars().count() <= BYLINE_CHARS);
        [
            self.node("author"),
            self.meta(&["author", "article:author", "dc.creator", "parsely-author", "sailthru.author", "byl"], "meta"),
            self.first_adjacent(MarkupHint::Property(Property::Author), "microdata"),
            self.labelled("written by"),
            self.first_adjacent(MarkupHint::AuthorRelation, "author-link"),
            visible_metadata::byline(self.lines(), self.headline().as_ref()).into_iter().collect(),
            classes,
            // If a role is next to it, the link is the name.
            self.first_adjacent(MarkupHint::BylineLink, "byline-link"),
            // Only the first link to an author's page: those of other articles follow.
            self.hinted(MarkupHint::AuthorAddress, "author-address").into_iter().take(1).collect(),
        ]
    }

    /// Returns the names of one source, without those of the publisher and of agencies.
    fn names(&self, credit: Vec<Candidate>) -> Option<AuthorNames> {
        let publisher = self.publisher().map(|publisher| slug(&publisher.value.name));
        let publishes = |text: &str| Some(slug(text)) == publisher && !self.is_person(text);
        let mut names: Vec<String> = Vec::new();
        let (mut spans, mut rule) = (Vec::new(), "");
        for candidate in credit {
            // `Dream Wide, Travel Far` is the name of a site, not two people.
            if publishes(&candidate.text) {
                continue;
            }
            let is_name = |text: &String| !publishes(text) && agencies::named(text).is_none() && !names.contains(text);
            let stated = byline::names(&candidate.text).into_iter();
            let new: Vec<String> = stated.map(|name| self.without_publisher(name)).filter(is_name).collect();
            if !new.is_empty() && names.len() <= STATED_VALUES {
                names.extend(new);
                spans.extend(candidate.spans);
                rule = candidate.rule;
            }
        }
        // Beside a full name, a single word is a nickname, a link, a label.
        if names.iter().any(|name| name.contains(' ')) {
            names.retain(|name| name.contains(' '));
        }
        names.retain(|name| !name.starts_with("The ") && name != "By");
        (!names.is_empty()).then_some(Finding { value: names, spans, rule, alternatives: Vec::new() })
    }

    /// Removes the publisher's name from the end of an author's: `Kayla Jimenez USA TODAY`.
    fn without_publisher(&self, name: String) -> String {
        let publisher = self.publisher().map(|publisher| publisher.value.name);
        let person = publisher.and_then(|publisher| {
            let start = name.len().checked_sub(publisher.len())?;
            let (person, end) = name.split_at_checked(start)?;
            let person = person.strip_suffix(' ')?.trim_end();
            (end.eq_ignore_ascii_case(&publisher) && person.contains(' ')).then(|| person.to_owned())
        });
        person.unwrap_or(name)
    }

    /// Whether the page states that the name is a person's who wrote the article, as on a writer's own site.
    fn is_person(&self, name: &str) -> bool {
        name.contains(' ')
            && (self.json_ld.is_some_and(|json_ld| json_ld.is_person(name))
                || self.labelled("written by").iter().any(|candidate| candidate.text == name))
    }

    /// Returns the value of a label in Twitter's pairs of `<meta>`.
    fn labelled(&self, label: &str) -> Vec<Candidate> {
        let at = (1..=2).find(|at| {
            let name = format!("twitter:label{at}");
            self.scan.meta.iter().any(|meta| meta.name == name && meta.value.to_lowercase() == label)
        });
        let Some(at) = at else { return Vec::new() };
        self.meta(&[&format!("twitter:data{at}")], "twitter-label")
    }
}
