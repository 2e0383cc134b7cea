//! Regions of a page that hold no body text: by element, by class or id, by role.

use super::tag::Tag;

/// Elements that hold no body text, with the reason.
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
/// The same for ids and class names.
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
/// Elements that never hold body text on any page. (A form may enclose the whole body.)
const APART: &[&str] =
    &["nav", "footer", "aside", "button", "select", "noscript", "template", "svg", "iframe", "dialog"];

/// Whether an element never holds body text.
pub(super) fn is_apart(name: &str) -> bool {
    APART.contains(&name)
}

/// Returns the reason why an element holds no body text: by the element, else hidden, else by role, id or class.
pub(super) fn region(name: &str, tag: &Tag) -> Option<&'static str> {
    let by_element = BY_ELEMENT.iter().find(|(element, _)| *element == name).map(|(_, reason)| *reason);
    if by_element.is_some() || tag.is_bare() {
        return by_element;
    }
    let hidden = tag.has("hidden") || tag.attribute("aria-hidden").is_some_and(|(attribute, _)| attribute == "true");
    let role = tag.attribute("role").and_then(|(attribute, _)| (attribute == "navigation").then_some("navigation"));
    // Names of elements that enclose the whole page or body are ignored.
    let wide = matches!(name, "html" | "body" | "main" | "article" | "p");
    let called = ["id", "class"].iter().filter(|_| !wide).find_map(|name| tag.attribute(name));
    let named = called.and_then(|(value, _)| {
        let is_named =
            |word: &str| BY_NAME.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, reason)| *reason);
        value.split_whitespace().find_map(is_named)
    });
    hidden.then_some("hidden").or(role).or(named)
}
