//! The authors of the page: from metadata, then from hinted elements, then from visible text.

use super::{
    candidate::Candidate,
    markup_hints::{ClassHint, MarkupHint, Property},
    metadata::{Metadata, in_body},
    visible_metadata,
};
use crate::{
    article::{Publisher, slug},
    enrich::{agencies, byline, entities},
    limits::STATED_VALUES,
    reading::{Finding, visible_text::visible_text},
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
    fn credits(&self) -> [Vec<Candidate>; 10] {
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
            self.names_in_runs(),
            // If a role is next to it, the link is the name.
            self.first_adjacent(MarkupHint::BylineLink, "byline-link"),
            // Only the first link to an author's page: those of other articles follow.
            self.hinted(MarkupHint::AuthorAddress, "author-address").into_iter().take(1).collect(),
        ]
    }

    /// Returns the names of a byline in which each is an element, with nothing but markup between them.
    fn names_in_runs(&self) -> Vec<Candidate> {
        let hints = [ClassHint::Byline, ClassHint::Author].map(MarkupHint::Class);
        let first =
            hints.iter().find_map(|hint| self.anywhere(*hint).filter(in_body).find(|byline| byline.runs.len() > 1));
        let Some(byline) = first else { return Vec::new() };
        let ends = byline.runs.iter().skip(1).copied().chain([byline.text.len()]);
        let runs = byline.runs.iter().zip(ends).map(|(start, end)| visible_text(&byline.text[*start..end]));
        let names = runs.zip(&byline.spans).filter(|(text, _)| byline::bare(text).is_some());
        names.map(|(text, span)| Candidate { text, spans: vec![*span], rule: "byline-runs" }).collect()
    }

    /// Returns the names of one source, without those of the publisher and of agencies.
    fn names(&self, credit: Vec<Candidate>) -> Option<AuthorNames> {
        let publisher = self.publisher().map(|publisher| publisher.value);
        let publishes = |text: &str| {
            publisher.as_ref().is_some_and(|publisher| is_name_of(publisher, text)) && !self.is_person(text)
        };
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

    /// Whether the page states that the name is a person's who wrote the article, as on a writer's own site. Content
    /// management systems state the publisher as a person too, so it has to begin as one.
    fn is_person(&self, name: &str) -> bool {
        entities::begins_with_first_name(name)
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

/// Whether a text is the publisher's name: as stated, with more glued to it, as one word of it, or as in the domain.
fn is_name_of(publisher: &Publisher, text: &str) -> bool {
    let letters = |text: &str| slug(text).replace('-', "");
    let (name, stated) = (letters(text), letters(&publisher.name));
    let is_longer = || publisher.name.contains(' ') && name.starts_with(&stated);
    let is_word = || publisher.name.contains(' ') && publisher.name.split(' ').any(|word| letters(word) == name);
    let in_domain = || publisher.domain.iter().flat_map(|domain| domain.split('.')).any(|label| letters(label) == name);
    let is_like = || !entities::begins_with_first_name(text) && (is_longer() || is_word() || in_domain());
    !name.is_empty() && (stated == name || is_like())
}
