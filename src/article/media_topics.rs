//! The IPTC Media Topics that articles are classified under: <https://cv.iptc.org/newscodes/mediatopic/>.

use super::slug;

pub struct MediaTopic {
    pub code: &'static str,
    pub label: &'static str,
    /// The code of a second-level topic's root.
    pub root: Option<&'static str>,
}

const fn root(code: &'static str, label: &'static str) -> MediaTopic {
    MediaTopic { code, label, root: None }
}

const fn under(root: &'static str, code: &'static str, label: &'static str) -> MediaTopic {
    MediaTopic { code, label, root: Some(root) }
}

/// All root topics, and the second-level topics that extraction assigns.
pub const MEDIA_TOPICS: [MediaTopic; 26] = [
    root("01000000", "arts, culture, entertainment and media"),
    root("02000000", "crime, law and justice"),
    root("03000000", "disaster, accident and emergency incident"),
    root("04000000", "economy, business and finance"),
    root("05000000", "education"),
    root("06000000", "environment"),
    root("07000000", "health"),
    root("08000000", "human interest"),
    root("09000000", "labour"),
    root("10000000", "lifestyle and leisure"),
    root("11000000", "politics and government"),
    root("12000000", "religion"),
    root("13000000", "science and technology"),
    root("14000000", "society"),
    root("15000000", "sport"),
    root("16000000", "conflict, war and peace"),
    root("17000000", "weather"),
    under("11000000", "20000574", "election"),
    under("11000000", "20000593", "government"),
    under("11000000", "20000638", "international relations"),
    under("16000000", "20000056", "armed conflict"),
    under("06000000", "20000418", "climate change"),
    under("06000000", "20000424", "environmental pollution"),
    under("07000000", "20000446", "disease and condition"),
    under("02000000", "20000082", "crime"),
    under("03000000", "20000148", "disaster"),
];

/// Finds a topic by its code, or by its label or the label's slug: `11000000`, `politics-and-government`.
pub fn media_topic(text: &str) -> Option<&'static MediaTopic> {
    let label_slug = slug(text);
    MEDIA_TOPICS.iter().find(|topic| topic.code == text || slug(topic.label) == label_slug)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_found_by_code_and_by_label() {
        for (text, code) in [
            ("11000000", Some("11000000")),
            ("politics-and-government", Some("11000000")),
            ("Conflict, war and peace", Some("16000000")),
            ("99000000", None),
        ] {
            assert_eq!(media_topic(text).map(|topic| topic.code), code, "{text}");
        }
        let roots = MEDIA_TOPICS.iter().filter_map(|topic| topic.root);
        assert!(roots.into_iter().all(|root| media_topic(root).is_some_and(|topic| topic.root.is_none())));
    }
}
