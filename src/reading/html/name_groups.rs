//! What the names that a page gives to an element say about its content: the words of its class, id and role, in groups.
//! A single site's names mean nothing; a group is what designers everywhere call the same thing.

use super::tag::Tag;

/// The groups, each with the words that belong to it, in the singular.
const GROUPS: [(&str, &[&str]); COUNT] = [
    ("body", &["article", "body", "content", "entry", "paragraph", "post", "richtext", "story", "text"]),
    (
        "caption",
        &["caption", "copyright", "credit", "figure", "gallery", "image", "legend", "media", "photo", "picture"],
    ),
    (
        "teaser",
        &[
            "also",
            "card",
            "latest",
            "more",
            "most",
            "popular",
            "read",
            "recommend",
            "recommendation",
            "recommended",
            "related",
            "teaser",
            "trending",
        ],
    ),
    (
        "embed",
        &["consent", "embed", "external", "iframe", "optin", "social", "twitter", "youtube", "instagram", "facebook"],
    ),
    (
        "offer",
        &[
            "ad",
            "advert",
            "advertisement",
            "affiliate",
            "banner",
            "newsletter",
            "paywall",
            "promo",
            "signup",
            "sponsor",
            "sponsored",
            "subscribe",
            "subscription",
        ],
    ),
    ("author", &["author", "bio", "byline", "profile"]),
    ("comment", &["comment", "discussion", "reply"]),
    (
        "summary",
        &["abstract", "dek", "excerpt", "intro", "kicker", "lead", "lede", "standfirst", "subtitle", "summary"],
    ),
    ("box", &["aside", "box", "factbox", "info", "infobox", "sidebar", "widget"]),
    (
        "list",
        &[
            "breadcrumb",
            "footer",
            "header",
            "link",
            "list",
            "menu",
            "nav",
            "navigation",
            "share",
            "tag",
            "toolbar",
            "topic",
        ],
    ),
    ("facts", &["date", "meta", "metadata", "published", "time", "timestamp", "updated"]),
];
pub const COUNT: usize = 11;

/// The groups of an element's names, one bit each.
pub type Groups = u16;

pub fn groups(tag: &Tag) -> Groups {
    let names = ["class", "id", "role", "itemprop"].iter().filter_map(|name| tag.attribute(name));
    names.flat_map(|(value, _)| words(value)).fold(0, |all, word| all | group(word))
}

fn group(word: &str) -> Groups {
    let is = |known: &str| {
        let plural = word.len() == known.len() + 1 && word.ends_with(['s', 'S']);
        word.get(..known.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(known) && (plural || word.len() == known.len()))
    };
    GROUPS.iter().position(|(_, words)| words.iter().any(|known| is(known))).map_or(0, |at| 1 << at)
}

/// Splits names at everything that is not a letter, and before a capital that follows a small letter.
fn words(names: &str) -> impl Iterator<Item = &str> {
    names.split(|letter: char| !letter.is_ascii_alphabetic()).filter(|name| !name.is_empty()).flat_map(|name| {
        let capital =
            |at: &usize| name.as_bytes()[*at].is_ascii_uppercase() && name.as_bytes()[at - 1].is_ascii_lowercase();
        let mut ends: Vec<usize> = (1..name.len()).filter(capital).collect();
        ends.push(name.len());
        let mut start = 0;
        ends.into_iter().map(move |end| &name[std::mem::replace(&mut start, end)..end])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_into_words_and_grouped() {
        assert_eq!(
            words("c-articleBody__text is-lead").collect::<Vec<_>>(),
            ["c", "article", "Body", "text", "is", "lead"]
        );
        let bit = |name: &str| GROUPS.iter().position(|(group, _)| *group == name).map_or(0, |at| 1 << at);
        assert_eq!(group("captions"), bit("caption"));
        assert_eq!(group("Body"), bit("body"));
        assert_eq!(group("captionist"), 0);
    }

    #[test]
    fn no_word_is_in_two_groups() {
        let mut all: Vec<&str> = GROUPS.iter().flat_map(|(_, words)| words.iter().copied()).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
