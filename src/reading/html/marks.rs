//! What publishers mark as a fact: by microdata, by `rel`, by the names of classes, by where a link leads, by the element.

use super::tag::Tag;

/// The mark of the date of a change.
pub const OF_CHANGE: &str = "itemprop:dateModified";

/// Parts of class names by which publishers mark facts.
const CLASSES: &[(&str, &str)] = &[
    ("byline", "class:byline"),
    ("author", "class:author"),
    ("standfirst", "class:deck"),
    ("subheadline", "class:deck"),
    ("article-subtitle", "class:deck"),
    ("article__subtitle", "class:deck"),
    ("dek", "class:deck"),
    ("deck", "class:deck"),
    ("publish", "class:date"),
    ("timestamp", "class:date"),
    ("date", "class:date"),
    ("authorname", "class:author"),
    ("authors", "class:author"),
];

/// Elements that are marks by themselves.
const ELEMENTS: [&str; 3] = ["h1", "time", "title"];

/// Whether what has a mark names who wrote the page.
pub fn is_credit(mark: &str) -> bool {
    matches!(mark, "class:author" | "class:byline")
}

/// The marks of an element: `itemprop:headline`, `rel:author`, `href:author`, `link:author`, `class:byline`, `h1`. A link
/// is `link:author` within an element that is a credit.
pub fn of(name: &str, tag: &Tag, in_credit: bool) -> Vec<String> {
    let mut marks: Vec<String> = Vec::new();
    let is_element = ELEMENTS.contains(&name);
    if tag.is_bare() && !is_element {
        return marks;
    }
    if let Some((properties, _)) = tag.attribute("itemprop") {
        marks.extend(properties.split_whitespace().map(|it| format!("itemprop:{it}")));
    }
    if name == "a" {
        let related = tag.attribute("rel").is_some_and(|(it, _)| it.split_whitespace().any(|it| it == "author"));
        let leads = tag.attribute("href").is_some_and(|(it, _)| leads_to_author(it));
        let links = [("rel:author", related), ("href:author", leads), ("link:author", in_credit)];
        marks.extend(links.iter().filter(|(_, is)| *is).map(|(mark, _)| (*mark).to_owned()));
    }
    if is_element {
        marks.push(name.to_owned());
    }
    let class = tag.attribute("class").map(|(it, _)| it.to_lowercase()).unwrap_or_default();
    let parts = class.split_whitespace().flat_map(|it| it.split(['-', '_']).chain([it]));
    let marked = parts.filter_map(|part| CLASSES.iter().position(|(it, _)| *it == part)).min();
    marks.extend(marked.map(|at| CLASSES[at].1.to_owned()));
    // What is marked as the date of a change is no other date.
    if marks.iter().any(|it| it == OF_CHANGE) {
        marks.retain(|it| it != "time" && it != "class:date");
    }
    marks
}

/// Where sites keep the pages of those who write for them.
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
    FOLDERS.iter().any(|it| href.contains(it))
}
