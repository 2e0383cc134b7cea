//! The query language of `q`: what a text must say.
//!
//! | written | an article matches |
//! | --- | --- |
//! | `flood harbour` | with both words, in any of their forms |
//! | `"harbour tunnel"` | with these words next to each other, as written |
//! | `"tunnel harbour"~5` | with these words, at most so many moves apart from the phrase |
//! | `harb*` | with a word that begins so |
//! | `flood OR storm` | with either; `AND` binds closer, and may be left out |
//! | `NOT flood`, `-flood` | without it |
//! | `(flood OR storm) tunnel` | |
//! | `headline:flood`, `deck:`, `body:`, `author:` | with it there; also before a group: `headline:(flood OR storm)` |
//!
//! Headline, deck and body are searched where no field is named.

/// In bytes.
const LENGTH_MAX: usize = 1_000;
/// Words, phrases and prefixes in one query.
const LEAVES_MAX: usize = 40;
const DEPTH_MAX: usize = 16;
/// How far the words of a phrase may be moved.
pub const MOVES_MAX: u32 = 50;
/// A shorter beginning of a word is that of too many.
const PREFIX_MIN: usize = 2;

#[derive(Clone, Debug, PartialEq)]
pub enum Text {
    All(Vec<Text>),
    Any(Vec<Text>),
    Not(Box<Text>),
    Leaf(Leaf),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Leaf {
    /// Where; headline, deck and body if it is not said.
    pub field: Option<TextField>,
    /// As it was written.
    pub text: String,
    pub form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Word,
    Prefix,
    /// With the moves that its words may make.
    Phrase(u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TextField {
    Headline,
    Deck,
    Body,
    Author,
}

impl TextField {
    pub const ALL: [Self; 4] = [Self::Headline, Self::Deck, Self::Body, Self::Author];
    /// Those that are searched where none is named.
    pub const UNNAMED: [Self; 3] = [Self::Headline, Self::Deck, Self::Body];

    pub fn name(self) -> &'static str {
        match self {
            Self::Headline => "headline",
            Self::Deck => "deck",
            Self::Body => "body",
            Self::Author => "author",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("at character {at}: {problem}")]
pub struct BadText {
    /// Counted from one.
    pub at: usize,
    pub problem: String,
}

impl Leaf {
    pub fn fields(&self) -> &[TextField] {
        self.field.as_ref().map_or(&TextField::UNNAMED, std::slice::from_ref)
    }
}

impl Text {
    pub fn parse(text: &str) -> Result<Self, BadText> {
        let mut parser = Parser { text, at: 0, leaves: 0 };
        if text.len() > LENGTH_MAX {
            return Err(parser.bad(format!("expected at most {LENGTH_MAX} bytes, found {}", text.len())));
        }
        let parsed = parser.any(None, 0)?;
        parser.blank();
        match parser.rest().chars().next() {
            None => Ok(parsed),
            Some(found) => Err(parser.bad(format!("expected the end or another word, found {found:?}"))),
        }
    }

    /// The canonical form: operators before their operands, every text quoted. Cursors are bound to it, so its spelling
    /// never changes.
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
                    Form::Word => format!("{field}word\"{text}\""),
                    Form::Prefix => format!("{field}prefix\"{text}\""),
                    Form::Phrase(moves) => format!("{field}phrase~{moves}\"{text}\""),
                }
            }
        }
    }

    /// Every leaf that an article is to have, and not those that it must not.
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

    fn bad(&self, problem: impl Into<String>) -> BadText {
        BadText { at: self.text[..self.at].chars().count() + 1, problem: problem.into() }
    }

    fn blank(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn take(&mut self, wanted: &str) -> bool {
        let found = self.rest().starts_with(wanted);
        if found {
            self.at += wanted.len();
        }
        found
    }

    /// An operator is a word of its own.
    fn operator(&mut self, name: &str) -> bool {
        self.blank();
        let alone = |it: &str| it.chars().next().is_none_or(|it| it.is_whitespace() || it == '(' || it == '"');
        let found = self.rest().strip_prefix(name).is_some_and(alone);
        if found {
            self.at += name.len();
        }
        found
    }

    fn any(&mut self, field: Option<TextField>, depth: usize) -> Result<Text, BadText> {
        if depth > DEPTH_MAX {
            return Err(self.bad(format!("expected parentheses at most {DEPTH_MAX} deep")));
        }
        let mut parts = vec![self.all(field, depth)?];
        while self.operator("OR") {
            parts.push(self.all(field, depth)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Text::Any(parts) })
    }

    fn all(&mut self, field: Option<TextField>, depth: usize) -> Result<Text, BadText> {
        let mut parts = vec![self.one(field, depth)?];
        loop {
            let joined = self.operator("AND");
            self.blank();
            let ends = self.rest().is_empty() || self.rest().starts_with(')') || self.ahead("OR");
            if ends && !joined {
                return Ok(if parts.len() == 1 { parts.remove(0) } else { Text::All(parts) });
            }
            parts.push(self.one(field, depth)?);
        }
    }

    fn ahead(&mut self, name: &str) -> bool {
        let before = self.at;
        let found = self.operator(name);
        self.at = before;
        found
    }

    fn one(&mut self, field: Option<TextField>, depth: usize) -> Result<Text, BadText> {
        self.blank();
        if depth > DEPTH_MAX {
            return Err(self.bad(format!("expected parentheses at most {DEPTH_MAX} deep")));
        }
        for name in ["OR", "AND"] {
            if self.ahead(name) {
                return Err(self.bad(format!("expected a word before and after {name}")));
            }
        }
        if self.operator("NOT") || self.take("-") {
            return Ok(Text::Not(Box::new(self.one(field, depth + 1)?)));
        }
        let (field, begun) = (self.field()?.or(field), self.at);
        if self.take("(") {
            let inner = self.any(field, depth + 1)?;
            self.blank();
            if !self.take(")") {
                self.at = begun;
                return Err(self.bad("expected a closing parenthesis for this one"));
            }
            return Ok(inner);
        }
        let leaf = if self.rest().starts_with('"') { self.phrase(field)? } else { self.word(field)? };
        self.leaves += 1;
        if self.leaves > LEAVES_MAX {
            self.at = begun;
            return Err(self.bad(format!("expected at most {LEAVES_MAX} words and phrases")));
        }
        Ok(Text::Leaf(leaf))
    }

    /// A name and a colon, where something follows: `12:30` and `Note: this` are text.
    fn field(&mut self) -> Result<Option<TextField>, BadText> {
        let Some(colon) = self.rest().find(|it: char| !it.is_ascii_alphabetic()) else { return Ok(None) };
        let (name, rest) = self.rest().split_at(colon);
        let follows = rest.strip_prefix(':').and_then(|it| it.chars().next());
        if name.is_empty() || follows.is_none_or(|it| it.is_whitespace() || it == ')') {
            return Ok(None);
        }
        let known = TextField::ALL.map(TextField::name).join(", ");
        let field = TextField::parse(name).ok_or_else(|| {
            self.bad(format!(
                "expected one of the fields {known}, found {name:?}; text with a colon goes in quotation marks"
            ))
        })?;
        self.at += colon + 1;
        Ok(Some(field))
    }

    fn phrase(&mut self, field: Option<TextField>) -> Result<Leaf, BadText> {
        let begun = self.at;
        self.at += 1;
        let Some(length) = self.rest().find('"') else {
            self.at = begun;
            return Err(self.bad("expected a closing quotation mark for this one"));
        };
        let text = self.rest()[..length].to_owned();
        self.at += length + 1;
        if !has_letters(&text) {
            self.at = begun;
            return Err(self.bad("expected a word between the quotation marks"));
        }
        let mut moves = 0;
        if self.take("~") {
            let digits = self.rest().find(|it: char| !it.is_ascii_digit()).unwrap_or(self.rest().len());
            let number = self.rest()[..digits].parse().ok().filter(|it| (1..=MOVES_MAX).contains(it));
            moves = number.ok_or_else(|| self.bad(format!("expected a number from 1 to {MOVES_MAX} after ~")))?;
            self.at += digits;
        }
        Ok(Leaf { field, text, form: Form::Phrase(moves) })
    }

    fn word(&mut self, field: Option<TextField>) -> Result<Leaf, BadText> {
        let ends = |it: char| it.is_whitespace() || matches!(it, '(' | ')' | '"');
        let length = self.rest().find(ends).unwrap_or(self.rest().len());
        let word = &self.rest()[..length];
        if word.is_empty() {
            let found = self.rest().chars().next();
            let found = found.map_or_else(|| "the end".to_owned(), |it| format!("{it:?}"));
            return Err(self.bad(format!("expected a word, found {found}")));
        }
        let prefix = word.strip_suffix('*');
        let text = prefix.unwrap_or(word);
        if let Some(star) = text.find('*') {
            self.at += star;
            return Err(self.bad("expected a star only at the end of a word"));
        }
        if !has_letters(text) {
            return Err(self.bad(format!("expected a word, found {word:?}, which has no letter and no digit")));
        }
        if prefix.is_some() && text.chars().count() < PREFIX_MIN {
            return Err(self.bad(format!("expected at least {PREFIX_MIN} characters before the star")));
        }
        self.at += length;
        let form = if prefix.is_some() { Form::Prefix } else { Form::Word };
        Ok(Leaf { field, text: text.to_owned(), form })
    }
}

fn has_letters(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str) -> Text {
        Text::Leaf(Leaf { field: None, text: text.to_owned(), form: Form::Word })
    }

    fn bad(text: &str) -> (usize, String) {
        let BadText { at, problem } = Text::parse(text).expect_err(text);
        (at, problem)
    }

    #[test]
    fn and_binds_closer_than_or() {
        let parsed = Text::parse("flood harbour OR storm AND -tide").expect("legal");
        let not = Text::Not(Box::new(word("tide")));
        let both = |a, b| Text::All(vec![a, b]);
        assert_eq!(parsed, Text::Any(vec![both(word("flood"), word("harbour")), both(word("storm"), not)]));
    }

    #[test]
    fn a_field_holds_for_its_group() {
        let parsed = Text::parse("headline:(flood OR \"high tide\"~3) body:harb*").expect("legal");
        let leaf = |field, text: &str, form| Text::Leaf(Leaf { field: Some(field), text: text.to_owned(), form });
        let either = vec![
            leaf(TextField::Headline, "flood", Form::Word),
            leaf(TextField::Headline, "high tide", Form::Phrase(3)),
        ];
        assert_eq!(parsed, Text::All(vec![Text::Any(either), leaf(TextField::Body, "harb", Form::Prefix)]));
    }

    #[test]
    fn faults_point_at_the_character() {
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
        assert_eq!(bad("").0, 1);
        assert_eq!(bad("flood !!").0, 7);
        assert!(bad(&"(".repeat(100)).1.contains("deep"));
        assert!(bad(&"-".repeat(100)).1.contains("deep"));
        assert!(bad(&"a ".repeat(100)).1.contains("at most 40"));
        assert!(bad(&"a".repeat(1001)).1.contains("bytes"));
    }

    #[test]
    fn colons_of_times_and_notes_are_text() {
        assert_eq!(Text::parse("12:30"), Ok(word("12:30")));
        assert_eq!(Text::parse("note: this"), Ok(Text::All(vec![word("note:"), word("this")])));
        assert_eq!(Text::parse("oration"), Ok(word("oration")));
    }
}
