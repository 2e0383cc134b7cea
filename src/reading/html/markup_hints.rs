//! Markup hints: facts that publishers label by microdata, `rel`, class names, the target of a link, or the element.

use super::tag::Tag;

/// What the markup of an element says that the element holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkupHint {
    Property(Property),
    /// `rel="author"`.
    AuthorRelation,
    /// A link to a folder where sites keep their authors' pages.
    AuthorAddress,
    /// A link within an author or a byline.
    BylineLink,
    Class(ClassHint),
    H1,
    Time,
    Title,
}

/// A property of schema.org that microdata states in `itemprop`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString)]
#[strum(serialize_all = "camelCase")]
pub enum Property {
    AlternativeHeadline,
    ArticleSection,
    Author,
    DateModified,
    DatePublished,
    Description,
    Headline,
    Keywords,
    Publisher,
}

/// What a class name says. Of several, the first in the order of [`CLASSES`] counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClassHint {
    Byline,
    Author,
    Deck,
    Date,
}

/// Parts of class names that label facts, with their hints.
const CLASSES: &[(&str, ClassHint)] = &[
    ("byline", ClassHint::Byline),
    ("author", ClassHint::Author),
    ("standfirst", ClassHint::Deck),
    ("subheadline", ClassHint::Deck),
    ("article-subtitle", ClassHint::Deck),
    ("article__subtitle", ClassHint::Deck),
    ("dek", ClassHint::Deck),
    ("deck", ClassHint::Deck),
    ("publish", ClassHint::Date),
    ("timestamp", ClassHint::Date),
    ("date", ClassHint::Date),
    ("authorname", ClassHint::Author),
    ("authors", ClassHint::Author),
];

impl MarkupHint {
    /// The date of a change.
    pub const MODIFIED: Self = Self::Property(Property::DateModified);

    /// Whether elements with this hint name the authors of the page.
    pub fn is_credit(self) -> bool {
        matches!(self, Self::Class(ClassHint::Author | ClassHint::Byline))
    }

    fn of_element(name: &str) -> Option<Self> {
        match name {
            "h1" => Some(Self::H1),
            "time" => Some(Self::Time),
            "title" => Some(Self::Title),
            _ => None,
        }
    }
}

/// Returns the hints of an element. `in_credit`: whether it is within one that names authors; `in_headline`: whether it
/// is the small print of one.
pub fn of(name: &str, tag: &Tag, in_credit: bool, in_headline: bool) -> Vec<MarkupHint> {
    let mut hints: Vec<MarkupHint> = Vec::new();
    let element_hint =
        if in_headline { Some(MarkupHint::Class(ClassHint::Date)) } else { MarkupHint::of_element(name) };
    if tag.is_bare() && element_hint.is_none() {
        return hints;
    }
    if let Some((properties, _)) = tag.attribute("itemprop") {
        hints.extend(properties.split_whitespace().filter_map(|name| name.parse().ok()).map(MarkupHint::Property));
    }
    if name == "a" {
        let related = tag
            .attribute("rel")
            .is_some_and(|(relations, _)| relations.split_whitespace().any(|relation| relation == "author"));
        let leads = tag.attribute("href").is_some_and(|(href, _)| leads_to_author(href));
        let links = [
            (MarkupHint::AuthorRelation, related),
            (MarkupHint::AuthorAddress, leads),
            (MarkupHint::BylineLink, in_credit),
        ];
        hints.extend(links.into_iter().filter(|(_, is)| *is).map(|(hint, _)| hint));
    }
    hints.extend(element_hint);
    let class = tag.attribute("class").map(|(attribute, _)| attribute.to_lowercase()).unwrap_or_default();
    let parts = class.split_whitespace().flat_map(|word| word.split(['-', '_']).chain([word]));
    let class_hint = parts.clone().filter_map(|part| CLASSES.iter().position(|(class, _)| *class == part)).min();
    let class_hint = class_hint.map(|at| CLASSES[at].1);
    let class_hint = class_hint.or_else(|| parts.clone().any(ends_as_date).then_some(ClassHint::Date));
    hints.extend(class_hint.map(MarkupHint::Class));
    // The date of a change is not treated as a date of publication.
    if hints.contains(&MarkupHint::MODIFIED) {
        hints.retain(|hint| !matches!(hint, MarkupHint::Time | MarkupHint::Class(ClassHint::Date)));
    }
    hints
}

/// Whether a part of a class name ends in a word for the date of publication: `articledate`, `pubdate`, `postedon`.
fn ends_as_date(part: &str) -> bool {
    const ENDS: [&str; 8] = ["date", "datetime", "datum", "fecha", "posted", "postedon", "pubtime", "datepublished"];
    const OTHERS: [&str; 5] = ["update", "candidate", "mandate", "validate", "moddate"];
    ENDS.iter().any(|end| part.ends_with(end)) && !OTHERS.iter().any(|end| part.ends_with(end))
}

/// Whether a link leads to a folder where sites keep their authors' pages.
fn leads_to_author(href: &str) -> bool {
    const FOLDERS: [&str; 14] = [
        "/author/",
        "/authors/",
        "/autor/",
        "/autore/",
        "/auteur/",
        "/by/",
        "/columnist/",
        "/contributor/",
        "/contributors/",
        "/journalist/",
        "/profile/",
        "/profiles/",
        "/reporters/",
        "/writer/",
    ];
    FOLDERS.iter().any(|folder| href.contains(folder))
}
