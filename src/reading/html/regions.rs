//! Where in a page there is no story: by the element, by what it is called, by its role.

use super::tag::Tag;

/// Elements, and why there is no story in them.
const BY_ELEMENT: &[(&str, &str)] = &[
    ("nav", "navigation"),
    ("footer", "footer"),
    ("aside", "aside"),
    ("form", "form"),
    ("button", "button"),
    ("select", "form"),
    ("figcaption", "caption"),
    ("figure", "caption"),
    ("noscript", "without scripts"),
    ("template", "template"),
    ("svg", "drawing"),
    ("iframe", "frame"),
    ("dialog", "dialog"),
];
/// The same of what an element is called.
const BY_NAME: &[(&str, &str)] = &[
    ("comments", "comments"),
    ("comment-list", "comments"),
    ("commentlist", "comments"),
    ("comments-area", "comments"),
    ("comment-body", "comments"),
    ("related", "related stories"),
    ("newsletter", "newsletter box"),
    ("cookie", "cookie notice"),
    ("consent", "cookie notice"),
    ("advert", "advertisement"),
    ("advertisement", "advertisement"),
    ("ad-slot", "advertisement"),
    ("breadcrumb", "breadcrumbs"),
    ("breadcrumbs", "breadcrumbs"),
    ("social", "share button"),
    ("share", "share button"),
];
/// Elements without any part of a story, whatever the page. (A form may be around all of it.)
const APART: &[&str] =
    &["nav", "footer", "aside", "button", "select", "noscript", "template", "svg", "iframe", "dialog"];

/// Whether nothing within an element is ever of a story.
pub(super) fn is_apart(name: &str) -> bool {
    APART.contains(&name)
}

/// By the element, else by what its class or role says.
pub(super) fn region(name: &str, tag: &Tag) -> Option<&'static str> {
    let by_element = BY_ELEMENT.iter().find(|(it, _)| *it == name).map(|(_, reason)| *reason);
    if by_element.is_some() || tag.is_bare() {
        return by_element;
    }
    let hidden = tag.has("hidden") || tag.attribute("aria-hidden").is_some_and(|(it, _)| it == "true");
    let role = tag.attribute("role").and_then(|(it, _)| (it == "navigation").then_some("navigation"));
    // The whole page or story may be called anything.
    let wide = matches!(name, "html" | "body" | "main" | "article" | "p");
    let called = ["id", "class"].iter().filter(|_| !wide).find_map(|it| tag.attribute(it));
    let named = called.and_then(|(value, _)| {
        let is_named = |word: &str| BY_NAME.iter().find(|it| it.0.eq_ignore_ascii_case(word)).map(|it| it.1);
        value.split_whitespace().find_map(is_named)
    });
    hidden.then_some("hidden").or(role).or(named)
}
