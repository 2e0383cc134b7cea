//! The lines of a document: what the pieces are made of.

use super::{furniture::ends_as_sentence, story::is_prose};
use crate::article::{Label, Piece, Span};

#[derive(Clone, Debug)]
pub struct Line<'a> {
    /// Without the white space around it.
    pub text: &'a str,
    /// Of the text without the white space.
    pub span: Span,
    /// Where the line ends, its line break included.
    pub end: usize,
    /// Whether a blank line, or nothing, stands before it.
    pub opens_block: bool,
    /// Whether it is prose, which many rules ask.
    pub prose: bool,
}

/// The lines that are not blank. The lines of a paragraph that was broken at a fixed width are one.
pub fn lines(document: &str) -> Vec<Line<'_>> {
    let lines = as_they_stand(document);
    let mut joined = Vec::with_capacity(lines.len());
    let mut rest = lines.as_slice();
    while !rest.is_empty() {
        let block = 1 + rest[1..].iter().take_while(|it| !it.opens_block).count();
        let (block, after) = rest.split_at(block);
        if is_wrapped(block) {
            let span = Span { start: block[0].span.start, end: block[block.len() - 1].span.end };
            let text = &document[span.start..span.end];
            joined.push(Line { text, span, end: block[block.len() - 1].end, opens_block: true, prose: false });
        } else {
            joined.extend_from_slice(block);
        }
        rest = after;
    }
    for line in &mut joined {
        line.prose = is_prose(line.text);
    }
    joined
}

/// The widths at which text is broken, and by how much its lines differ.
const WRAP_CHARS: std::ops::RangeInclusive<usize> = 45..=110;
const WRAP_DIFFERENCE: usize = 25;

/// Lines of about one width, of which one at least goes on in the next with a small letter.
fn is_wrapped(block: &[Line<'_>]) -> bool {
    let Some((_, full)) = block.split_last().filter(|(_, it)| !it.is_empty()) else { return false };
    let widths = full.iter().map(|it| it.text.chars().count());
    let (narrow, wide) = widths.fold((usize::MAX, 0), |(low, high), it| (low.min(it), high.max(it)));
    let small = |it: &Line<'_>| it.text.chars().next().is_some_and(char::is_lowercase);
    let goes_on = block.windows(2).any(|it| !ends_as_sentence(it[0].text) && small(&it[1]));
    WRAP_CHARS.contains(&narrow) && WRAP_CHARS.contains(&wide) && wide - narrow <= WRAP_DIFFERENCE && goes_on
}

fn as_they_stand(document: &str) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    let mut at = 0;
    let mut after_blank = true;
    for line in document.split_inclusive('\n') {
        let text = line.trim();
        let start = at + (line.len() - line.trim_start().len());
        at += line.len();
        if text.is_empty() {
            after_blank = true;
            continue;
        }
        let span = Span { start, end: start + text.len() };
        lines.push(Line { text, span, end: at, opens_block: after_blank, prose: false });
        after_blank = false;
    }
    lines
}

/// A part of a line with a fate of its own.
#[derive(Clone, Debug)]
pub struct Part {
    pub span: Span,
    pub label: Label,
    pub reason: &'static str,
}

/// The pieces of a document: each part as far as the next one, so that line breaks go with what they end, and blank
/// lines are pieces of their own.
pub fn pieces(document: &str, mut parts: Vec<Part>) -> Vec<Piece> {
    parts.sort_by_key(|it| it.span.start);
    let mut pieces = Vec::new();
    let mut at = 0;
    for (index, part) in parts.iter().enumerate() {
        push_blank(&mut pieces, at, part.span.start);
        let next = parts.get(index + 1).map_or(document.len(), |it| it.span.start);
        let between = &document[part.span.end..next];
        // To the end of the line, or to the next part of it.
        let end = between.find('\n').map_or(next, |it| part.span.end + it + 1);
        push(&mut pieces, part.span.start, end, part.label, part.reason);
        at = end;
    }
    push_blank(&mut pieces, at, document.len());
    pieces
}

fn push_blank(pieces: &mut Vec<Piece>, start: usize, end: usize) {
    push(pieces, start, end, Label::Removed, "blank");
}

fn push(pieces: &mut Vec<Piece>, start: usize, end: usize, label: Label, reason: &str) {
    if start < end {
        pieces.push(Piece { start, end, label, reason: reason.to_owned(), text: String::new() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paragraph_broken_at_a_fixed_width_is_one_line() {
        let document = "A headline\n\nThe old harbour bridge carried its first trams again on Monday after\n\
                        eleven months of repairs, the port authority said in the afternoon.\n\nShort\nlines\nstay\n";
        let texts: Vec<usize> = lines(document).iter().map(|it| it.text.lines().count()).collect();
        assert_eq!(texts, [1, 2, 1, 1, 1]);
    }

    #[test]
    fn pieces_follow_one_another_through_the_document() {
        let document = "\n\na b\r\n\nc\n \n";
        let part = |start, end| Part { span: Span { start, end }, label: Label::Kept, reason: "story" };
        let pieces = pieces(document, vec![part(2, 3), part(4, 5), part(8, 9)]);
        let text: String = pieces.iter().map(|it| &document[it.start..it.end]).collect();
        assert_eq!(text, document);
        assert_eq!(pieces.iter().filter(|it| it.label == Label::Kept).count(), 3);
    }
}
