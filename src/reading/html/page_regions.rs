//! Regions of a page that hold no body text: by element, by class or id, by role.

use super::tag::Tag;

/// A part of a page that holds no body text. Its name is the reason in the evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Region {
    Navigation,
    Footer,
    Aside,
    Form,
    Button,
    Caption,
    #[strum(serialize = "without scripts")]
    Noscript,
    Template,
    Drawing,
    Frame,
    Dialog,
    Comments,
    #[strum(serialize = "related stories")]
    RelatedStories,
    #[strum(serialize = "newsletter box")]
    Newsletter,
    #[strum(serialize = "cookie notice")]
    CookieNotice,
    Advertisement,
    Breadcrumbs,
    #[strum(serialize = "share button")]
    ShareButton,
    Hidden,
    #[strum(serialize = "hidden by style")]
    HiddenByStyle,
}

impl Region {
    pub fn reason(self) -> &'static str {
        self.into()
    }

    pub fn is_visible(self) -> bool {
        !matches!(self, Self::Template | Self::Drawing | Self::Hidden | Self::HiddenByStyle)
    }
}

/// Elements that hold no body text.
const BY_ELEMENT: &[(&str, Region)] = &[
    ("nav", Region::Navigation),
    ("footer", Region::Footer),
    ("aside", Region::Aside),
    ("form", Region::Form),
    ("button", Region::Button),
    ("select", Region::Form),
    ("figcaption", Region::Caption),
    ("figure", Region::Caption),
    ("noscript", Region::Noscript),
    ("template", Region::Template),
    ("svg", Region::Drawing),
    ("iframe", Region::Frame),
    ("dialog", Region::Dialog),
];
/// The same for ids and class names.
const BY_NAME: &[(&str, Region)] = &[
    ("comments", Region::Comments),
    ("comment-list", Region::Comments),
    ("commentlist", Region::Comments),
    ("comments-area", Region::Comments),
    ("comment-body", Region::Comments),
    ("related", Region::RelatedStories),
    ("newsletter", Region::Newsletter),
    ("cookie", Region::CookieNotice),
    ("consent", Region::CookieNotice),
    ("advert", Region::Advertisement),
    ("advertisement", Region::Advertisement),
    ("ad-slot", Region::Advertisement),
    ("breadcrumb", Region::Breadcrumbs),
    ("breadcrumbs", Region::Breadcrumbs),
    ("social", Region::ShareButton),
    ("share", Region::ShareButton),
];
/// Elements that never hold body text on any page. (A form may enclose the whole body.)
const APART: &[&str] =
    &["nav", "footer", "aside", "button", "select", "noscript", "template", "svg", "iframe", "dialog"];

/// Whether an element never holds body text.
pub(super) fn is_apart(name: &str) -> bool {
    APART.contains(&name)
}

/// Whether an inline style hides its element. Text that no reader sees is not part of an article: it may be written for
/// machines alone.
fn hides(style: &str) -> bool {
    style.split(';').any(|declaration| {
        let mut parts = declaration.split(':').map(str::trim);
        let (name, value) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let is_hiding =
            |hiding: &(&str, &str)| name.eq_ignore_ascii_case(hiding.0) && value.eq_ignore_ascii_case(hiding.1);
        [("display", "none"), ("visibility", "hidden")].iter().any(is_hiding)
    })
}

/// Some pages hide all that they say until a script shows it. If most of the text is hidden, it is not hidden. Takes the
/// region of each block, with the bytes of its text.
pub(super) fn reveal(blocks: &mut [(&mut Option<Region>, usize)]) {
    let is_hidden = |region: &Option<Region>| matches!(region, Some(Region::Hidden | Region::HiddenByStyle));
    let hidden: usize = blocks.iter().filter(|(region, _)| is_hidden(region)).map(|(_, bytes)| bytes).sum();
    let seen: usize = blocks.iter().filter(|(region, _)| region.is_none()).map(|(_, bytes)| bytes).sum();
    if hidden > seen {
        blocks.iter_mut().filter(|(region, _)| is_hidden(region)).for_each(|(region, _)| **region = None);
    }
}

/// Returns the region that an element opens: by the element, else hidden, else by role, id or class.
pub(super) fn region(name: &str, tag: &Tag) -> Option<Region> {
    let by_element = BY_ELEMENT.iter().find(|(element, _)| *element == name).map(|(_, reason)| *reason);
    if by_element.is_some() || tag.is_bare() {
        return by_element;
    }
    let hidden = tag.has("hidden") || tag.attribute("aria-hidden").is_some_and(|(attribute, _)| attribute == "true");
    let unseen = tag.attribute("style").is_some_and(|(style, _)| hides(style));
    let role =
        tag.attribute("role").and_then(|(attribute, _)| (attribute == "navigation").then_some(Region::Navigation));
    // Names of elements that enclose the whole page or body are ignored.
    let wide = matches!(name, "html" | "body" | "main" | "article" | "p");
    let called = ["id", "class"].iter().filter(|_| !wide).find_map(|name| tag.attribute(name));
    let named = called.and_then(|(value, _)| {
        let is_named =
            |word: &str| BY_NAME.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, reason)| *reason);
        value.split_whitespace().find_map(is_named)
    });
    hidden.then_some(Region::Hidden).or(unseen.then_some(Region::HiddenByStyle)).or(role).or(named)
}
