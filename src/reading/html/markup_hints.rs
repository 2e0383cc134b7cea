//! Markup hints: facts that publishers label by microdata, `rel`, class names, the target of a link, or the element.

use super::tag::Tag;

/// The hint on the date of a change.
pub const OF_CHANGE: &str = "itemprop:dateModified";

/// Parts of class names that label facts, with their hints.
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

/// Elements that are hints by themselves.
const ELEMENTS: [&str; 3] = ["h1", "time", "title"];

/// Whether elements with a hint name the authors of the page.
pub fn is_credit(hint: &str) -> bool {
    matches!(hint, "class:author" | "class:byline")
}

/// Returns the hints of an element: `itemprop:headline`, `rel:author`, `href:author`, `link:author`, `class:byline`,
/// `h1`. A link within a credit is `link:author`.
pub fn of(name: &str, tag: &Tag, in_credit: bool) -> Vec<String> {
    let mut hints: Vec<String> = Vec::new();
    let is_element = ELEMENTS.contains(&name);
    if tag.is_bare() && !is_element {
        return hints;
    }
    if let Some((properties, _)) = tag.attribute("itemprop") {
        hints.extend(properties.split_whitespace().map(|word| format!("itemprop:{word}")));
    }
    if name == "a" {
        let related = tag
            .attribute("rel")
            .is_some_and(|(attribute, _)| attribute.split_whitespace().any(|word| word == "author"));
        let leads = tag.attribute("href").is_some_and(|(href, _)| leads_to_author(href));
        let links = [("rel:author", related), ("href:author", leads), ("link:author", in_credit)];
        hints.extend(links.iter().filter(|(_, is)| *is).map(|(hint, _)| (*hint).to_owned()));
    }
    if is_element {
        hints.push(name.to_owned());
    }
    let class = tag.attribute("class").map(|(attribute, _)| attribute.to_lowercase()).unwrap_or_default();
    let parts = class.split_whitespace().flat_map(|word| word.split(['-', '_']).chain([word]));
    let class_hint = parts.filter_map(|part| CLASSES.iter().position(|(class, _)| *class == part)).min();
    hints.extend(class_hint.map(|at| CLASSES[at].1.to_owned()));
    // The date of a change is not treated as a date of publication.
    if hints.iter().any(|hint| hint == OF_CHANGE) {
        hints.retain(|hint| hint != "time" && hint != "class:date");
    }
    hints
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
