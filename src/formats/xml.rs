//! A writer of XML documents in memory.

use quick_xml::{
    Writer,
    events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event},
};
use std::borrow::Cow;

pub struct Xml(Writer<Vec<u8>>);

impl Xml {
    /// Starts a document in UTF-8.
    pub fn document() -> Self {
        let mut xml = Self(Writer::new(Vec::new()));
        xml.write(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
        xml
    }

    pub fn element(&mut self, name: &str, attributes: &[(&str, &str)], content: impl FnOnce(&mut Self)) {
        self.write(Event::Start(start(name, attributes)));
        content(self);
        self.write(Event::End(BytesEnd::new(name)));
    }

    pub fn empty(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.write(Event::Empty(start(name, attributes)));
    }

    /// Writes an element that contains text.
    pub fn text(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) {
        self.element(name, attributes, |xml| xml.write(Event::Text(BytesText::new(&valid(text)))));
    }

    /// Writes an element that contains text, if there is one.
    pub fn text_if(&mut self, name: &str, text: Option<impl AsRef<str>>) {
        if let Some(text) = text {
            self.text(name, &[], text.as_ref());
        }
    }

    pub fn into_string(self) -> String {
        String::from_utf8(self.0.into_inner()).expect("only text is written")
    }

    fn write(&mut self, event: Event<'_>) {
        self.0.write_event(event).expect("memory accepts every write");
    }
}

fn start<'a>(name: &'a str, attributes: &[(&str, &str)]) -> BytesStart<'a> {
    let mut start = BytesStart::new(name);
    for (name, value) in attributes {
        start.push_attribute((*name, valid(value).as_ref()));
    }
    start
}

/// Replaces the characters that XML 1.0 cannot contain, not even escaped.
fn valid(text: &str) -> Cow<'_, str> {
    let refused = |letter: char| matches!(letter, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
    if text.contains(refused) { Cow::Owned(text.replace(refused, "\u{fffd}")) } else { Cow::Borrowed(text) }
}

#[cfg(test)]
mod tests {
    use super::Xml;

    #[test]
    fn markup_is_escaped_and_invalid_characters_are_replaced() {
        let mut xml = Xml::document();
        xml.element("a", &[("b", "\"<&")], |xml| {
            xml.text("c", &[], "<d>&\u{0}\u{b}\u{1f600}");
            xml.empty("e", &[]);
            xml.text_if("f", None::<&str>);
        });
        let expected = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><a b=\"&quot;&lt;&amp;\"><c>&lt;d&gt;&amp;\u{fffd}\u{fffd}\u{1f600}</c><e/></a>";
        assert_eq!(xml.into_string(), expected);
    }
}
