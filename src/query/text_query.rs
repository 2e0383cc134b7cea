//! The query language of `q`.
//!
//! | written | an article matches |
//! | --- | --- |
//! | `flood harbour` | with both words, in any of their forms |
//! | `"harbour tunnel"` | with these words next to each other, as written |
//! | `"tunnel harbour"~5` | with these words, at most this number of moves away from the phrase |
//! | `harb*` | with a word that has this prefix |
//! | `flood OR storm` | with either; `AND` binds closer, and may be left out |
//! | `NOT flood`, `-flood` | without it |
//! | `(flood OR storm) tunnel` | |
//! | `headline:flood`, `deck:`, `body:`, `author:` | with it in that field; also before a group: `headline:(flood OR storm)` |
//!
//! Without a field, headline, deck and body are searched. Symbols that are not part of a word, as in `R & D`, are ignored,
//! and a URL is searched as a phrase: both are pasted into search boxes. What looks like syntax and is not valid, such as
//! an unclosed quotation mark, is an error.

use crate::limits::{PHRASE_MOVES, PREFIX_CHARACTERS, TEXT_QUERY_BYTES, TEXT_QUERY_DEPTH, TEXT_QUERY_TERMS};
use strum::VariantArray;
#[derive(Clone, Debug, PartialEq)]
pub enum TextQuery {
    All(Vec<TextQuery>),
    Any(Vec<TextQuery>),
    Not(Box<TextQuery>),
    Leaf(Leaf),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Leaf {
    /// The field to search; `None` for headline, deck and body.
    pub field: Option<QueryField>,
    /// As written in the query.
    pub text: String,
    pub form: TermForm,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TermForm {
    Word,
    Prefix,
    /// With the maximum moves of its words.
    Phrase(u32),
}

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::EnumString, strum::IntoStaticStr, strum::VariantArray,
)]
#[strum(serialize_all = "lowercase")]
pub enum QueryField {
    Headline,
    Deck,
    Body,
    Author,
}

impl QueryField {
    /// The fields that are searched if none is named.
    pub const UNNAMED: [Self; 3] = [Self::Headline, Self::Deck, Self::Body];

    pub fn name(self) -> &'static str {
        self.into()
    }

    fn parse(name: &str) -> Option<Self> {
        name.parse().ok()
    }
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("at character {at}: {problem}")]
pub struct BadText {
    /// The character, counted from one.
    pub at: usize,
    pub problem: String,
}

impl Leaf {
    pub fn fields(&self) -> &[QueryField] {
        self.field.as_ref().map_or(&QueryField::UNNAMED, std::slice::from_ref)
    }
}

impl TextQuery {
    pub fn parse(text: &str) -> Result<Self, BadText> {
        let mut parser = Parser { text, at: 0, leaves: 0 };
        if text.len() > TEXT_QUERY_BYTES {
            return Err(parser.error(format!("expected at most {TEXT_QUERY_BYTES} bytes, found {}", text.len())));
        }
        let parsed = parser.disjunction(None, 0)?;
        parser.skip_ignored();
        match parser.rest().chars().next() {
            None => Ok(parsed),
            Some(found) => Err(parser.error(format!("expected the end or another word, found {found:?}"))),
        }
    }

    /// Returns the canonical form: operators before their operands, every text quoted. Cursors are bound to it, so its
    /// spelling never changes.
    pub fn canonical(&self) -> String {
        let group = |operator: &str, parts: &[Self]| {
            let parts: Vec<String> = parts.iter().map(Self::canonical).collect();
            format!("{operator}({})", parts.join(" "))
        };
        match self {
            Self::All(parts) => group("AND", parts),
            Self::Any(parts) => group("OR", parts),
            Self::Not(part) => format!("NOT({})", part.canonical()),
            Self::Leaf(leaf) => {
                let field = leaf.field.map(|field| format!("{}:", field.name())).unwrap_or_default();
                let text = leaf.text.replace('\\', "\\\\").replace('"', "\\\"");
                match leaf.form {
                    TermForm::Word => format!("{field}word\"{text}\""),
                    TermForm::Prefix => format!("{field}prefix\"{text}\""),
                    TermForm::Phrase(moves) => format!("{field}phrase~{moves}\"{text}\""),
                }
            }
        }
    }

    /// Returns every leaf that is not negated.
    pub fn wanted(&self) -> Vec<&Leaf> {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::wanted).collect(),
            Self::Not(_) => Vec::new(),
            Self::Leaf(leaf) => vec![leaf],
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    leaves: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn error(&self, problem: impl Into<String>) -> BadText {
        BadText { at: self.text[..self.at].chars().count() + 1, problem: problem.into() }
    }

    /// Skips white space and lone symbols: words of neither letters nor digits.
    fn skip_ignored(&mut self) {
        loop {
            self.at += self.rest().len() - self.rest().trim_start().len();
            let word = self.next_word();
            let negates = word == "-" && self.rest()[1..].starts_with(['(', '"']);
            if word.is_empty() || negates || has_letters(word) {
                return;
            }
            self.at += word.len();
        }
    }

    /// Returns what is before the next white space, parenthesis or quotation mark.
    fn next_word(&self) -> &'a str {
        let ends = |character: char| character.is_whitespace() || matches!(character, '(' | ')' | '"');
        self.rest().split(ends).next().unwrap_or_default()
    }

    fn consume(&mut self, token: &str) -> bool {
        let matched = self.rest().starts_with(token);
        if matched {
            self.at += token.len();
        }
        matched
    }

    /// Consumes an operator, which must be a separate word.
    fn operator(&mut self, name: &str) -> bool {
        self.skip_ignored();
        let ends = |rest: &str| {
            rest.chars()
                .next()
                .is_none_or(|character| character.is_whitespace() || character == '(' || character == '"')
        };
        let matched = self.rest().strip_prefix(name).is_some_and(ends);
        if matched {
            self.at += name.len();
        }
        matched
    }

    fn disjunction(&mut self, field: Option<QueryField>, depth: usize) -> Result<TextQuery, BadText> {
        if depth > TEXT_QUERY_DEPTH {
            return Err(self.error(format!("expected parentheses at most {TEXT_QUERY_DEPTH} deep")));
        }
        let mut parts = vec![self.conjunction(field, depth)?];
        while self.operator("OR") {
            parts.push(self.conjunction(field, depth)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { TextQuery::Any(parts) })
    }

    fn conjunction(&mut self, field: Option<QueryField>, depth: usize) -> Result<TextQuery, BadText> {
        let mut parts = vec![self.operand(field, depth)?];
        loop {
            let joined = self.operator("AND");
            self.skip_ignored();
            let ends = self.rest().is_empty() || self.rest().starts_with(')') || self.is_operator_next("OR");
            if ends && !joined {
                return Ok(if parts.len() == 1 { parts.remove(0) } else { TextQuery::All(parts) });
            }
            parts.push(self.operand(field, depth)?);
        }
    }

    fn is_operator_next(&mut self, name: &str) -> bool {
        let start = self.at;
        let matched = self.operator(name);
        self.at = start;
        matched
    }

    fn operand(&mut self, field: Option<QueryField>, depth: usize) -> Result<TextQuery, BadText> {
        self.skip_ignored();
        if depth > TEXT_QUERY_DEPTH {
            return Err(self.error(format!("expected parentheses at most {TEXT_QUERY_DEPTH} deep")));
        }
        for name in ["OR", "AND"] {
            if self.is_operator_next(name) {
                return Err(self.error(format!("expected a word before and after {name}")));
            }
        }
        if self.operator("NOT") || self.consume("-") {
            return Ok(TextQuery::Not(Box::new(self.operand(field, depth + 1)?)));
        }
        let (field, start) = (self.field()?.or(field), self.at);
        if self.consume("(") {
            let inner = self.disjunction(field, depth + 1)?;
            self.skip_ignored();
            if !self.consume(")") {
                self.at = start;
                return Err(self.error("expected a closing parenthesis for this one"));
            }
            return Ok(inner);
        }
        let leaf = if self.rest().starts_with('"') { self.phrase(field)? } else { self.word(field)? };
        self.leaves += 1;
        if self.leaves > TEXT_QUERY_TERMS {
            self.at = start;
            return Err(self.error(format!("expected at most {TEXT_QUERY_TERMS} words and phrases")));
        }
        Ok(TextQuery::Leaf(leaf))
    }

    /// Consumes a field's name and a colon, if text follows directly: `12:30` and `Note: this` are text.
    fn field(&mut self) -> Result<Option<QueryField>, BadText> {
        let Some(colon) = self.rest().find(|character: char| !character.is_ascii_alphabetic()) else { return Ok(None) };
        let (name, rest) = self.rest().split_at(colon);
        let follows = rest.strip_prefix(':').and_then(|rest| rest.chars().next());
        if name.is_empty() || !rest.starts_with(':') || rest.starts_with("://") {
            return Ok(None);
        }
        if follows.is_none_or(|character| character.is_whitespace() || character == ')') {
            let is_field = QueryField::parse(name).is_some();
            self.at += if is_field { colon + 1 } else { 0 };
            return if is_field { Err(self.error(format!("expected a word after {name}:"))) } else { Ok(None) };
        }
        let names = QueryField::VARIANTS.iter().copied().map(QueryField::name).collect::<Vec<_>>().join(", ");
        let field = QueryField::parse(name).ok_or_else(|| {
            self.error(format!(
                "expected one of the fields {names}, found {name:?}; put text with a colon in quotation marks"
            ))
        })?;
        self.at += colon + 1;
        Ok(Some(field))
    }

    fn phrase(&mut self, field: Option<QueryField>) -> Result<Leaf, BadText> {
        let start = self.at;
        self.at += 1;
        let Some(length) = self.rest().find('"') else {
            self.at = start;
            return Err(self.error("expected a closing quotation mark for this one"));
        };
        let text = self.rest()[..length].to_owned();
        self.at += length + 1;
        if !has_letters(&text) {
            self.at = start;
            return Err(self.error("expected a word between the quotation marks"));
        }
        let mut moves = 0;
        if self.consume("~") {
            let digits = self.rest().find(|character: char| !character.is_ascii_digit()).unwrap_or(self.rest().len());
            let number = self.rest()[..digits].parse().ok().filter(|moves| (1..=PHRASE_MOVES).contains(moves));
            moves = number.ok_or_else(|| self.error(format!("expected a number from 1 to {PHRASE_MOVES} after ~")))?;
            self.at += digits;
        }
        Ok(Leaf { field, text, form: TermForm::Phrase(moves) })
    }

    fn word(&mut self, field: Option<QueryField>) -> Result<Leaf, BadText> {
        let word = self.next_word();
        if word.contains("://") {
            self.at += word.len();
            return Ok(Leaf { field, text: word.to_owned(), form: TermForm::Phrase(0) });
        }
        if word.is_empty() {
            let found = self.rest().chars().next();
            let found = found.map_or_else(|| "the end".to_owned(), |character| format!("{character:?}"));
            return Err(self.error(format!("expected a word, found {found}")));
        }
        let prefix = word.strip_suffix('*');
        let text = prefix.unwrap_or(word);
        if let Some(star) = text.find('*') {
            self.at += star;
            return Err(self.error("expected a star only at the end of a word"));
        }
        if prefix.is_some() && text.chars().count() < PREFIX_CHARACTERS {
            return Err(self.error(format!("expected at least {PREFIX_CHARACTERS} characters before the star")));
        }
        self.at += word.len();
        let form = if prefix.is_some() { TermForm::Prefix } else { TermForm::Word };
        Ok(Leaf { field, text: text.to_owned(), form })
    }
}

fn has_letters(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str) -> TextQuery {
        TextQuery::Leaf(Leaf { field: None, text: text.to_owned(), form: TermForm::Word })
    }

    fn bad(text: &str) -> (usize, String) {
        let BadText { at, problem } = TextQuery::parse(text).expect_err(text);
        (at, problem)
    }

    #[test]
    fn and_binds_closer_than_or() {
        let parsed = TextQuery::parse("flood harbour OR storm AND -tide").expect("a valid query");
        let not = TextQuery::Not(Box::new(word("tide")));
        let both = |a, b| TextQuery::All(vec![a, b]);
        assert_eq!(parsed, TextQuery::Any(vec![both(word("flood"), word("harbour")), both(word("storm"), not)]));
    }

    #[test]
    fn a_field_applies_to_its_group() {
        let parsed = TextQuery::parse("headline:(flood OR \"high tide\"~3) body:harb*").expect("a valid query");
        let leaf = |field, text: &str, form| TextQuery::Leaf(Leaf { field: Some(field), text: text.to_owned(), form });
        let either = vec![
            leaf(QueryField::Headline, "flood", TermForm::Word),
            leaf(QueryField::Headline, "high tide", TermForm::Phrase(3)),
        ];
        assert_eq!(
            parsed,
            TextQuery::All(vec![TextQuery::Any(either), leaf(QueryField::Body, "harb", TermForm::Prefix)])
        );
    }

    #[test]
    fn errors_point_at_the_character() {
        assert_eq!(bad("été (flood").0, 5);
        assert_eq!(bad("flood \"harbour").0, 7);
        assert_eq!(bad("flood OR").0, 9);
        assert_eq!(bad("OR flood").0, 1);
        assert_eq!(bad("flood AND").0, 10);
        assert_eq!(bad("flood)").0, 6);
        assert_eq!(bad("()").0, 2);
        assert_eq!(bad("fl*od").0, 3);
        assert_eq!(bad("a*").0, 1);
        assert_eq!(bad("\"a b\"~900").0, 7);
        assert_eq!(bad("title:flood").0, 1);
        assert_eq!(bad("- --").0, 5);
        assert_eq!(bad("& 😀").0, 4);
        assert_eq!(bad("flood headline: tide").0, 16);
        assert_eq!(bad("headline:").0, 10);
        assert_eq!(bad("flood OR –").0, 11);
        assert_eq!(bad("").0, 1);
        assert!(bad(&"(".repeat(100)).1.contains("deep"));
        assert!(bad(&("-".repeat(100) + "a")).1.contains("deep"));
        assert!(bad(&"a ".repeat(100)).1.contains("at most 40"));
        assert!(bad(&"a".repeat(1001)).1.contains("bytes"));
    }

    #[test]
    fn lone_symbols_are_ignored_and_a_url_is_a_phrase() {
        let both = |a, b| TextQuery::All(vec![word(a), word(b)]);
        for (text, expected) in [
            ("R & D", both("R", "D")),
            ("trump – biden", both("trump", "biden")),
            ("climate change 😀", both("climate", "change")),
            ("flood !!", word("flood")),
            ("* flood", word("flood")),
            ("flood - tide", both("flood", "tide")),
            ("flood AND & tide", both("flood", "tide")),
            ("(flood / tide)", both("flood", "tide")),
        ] {
            assert_eq!(TextQuery::parse(text), Ok(expected), "{text}");
        }
        let url = |field| Leaf { field, text: "http://x.com/a?b=1".to_owned(), form: TermForm::Phrase(0) };
        assert_eq!(TextQuery::parse("http://x.com/a?b=1"), Ok(TextQuery::Leaf(url(None))));
        let in_body = TextQuery::Leaf(url(Some(QueryField::Body)));
        assert_eq!(TextQuery::parse("body:http://x.com/a?b=1"), Ok(in_body));
        assert!(matches!(TextQuery::parse("-\"a b\""), Ok(TextQuery::Not(_))));
    }

    #[test]
    fn colons_of_times_and_notes_are_text() {
        assert_eq!(TextQuery::parse("12:30"), Ok(word("12:30")));
        assert_eq!(TextQuery::parse("note: this"), Ok(TextQuery::All(vec![word("note:"), word("this")])));
        assert_eq!(TextQuery::parse("oration"), Ok(word("oration")));
    }
}
