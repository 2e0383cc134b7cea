//! Splits a document into lines, and turns labelled spans into its pieces.

use super::{boilerplate::ends_as_sentence, prose::is_prose};
use crate::article::{Label, Piece, Span};

#[derive(Clone, Debug)]
pub struct Line<'a> {
    /// The text without surrounding white space.
    pub text: &'a str,
    /// The span of `text`.
    pub span: Span,
    /// Offset of the end of the line, including its line break.
    pub end: usize,
    /// Whether a blank line or the start of the document precedes it.
    pub opens_block: bool,
    /// Whether it is prose; computed once, because many rules use it.
    pub prose: bool,
}

/// Returns the lines that are not blank. The lines of a paragraph wrapped at a fixed width are joined into one.
pub fn lines(document: &str) -> Vec<Line<'_>> {
    let lines = physical_lines(document);
    let mut joined = Vec::with_capacity(lines.len());
    let mut rest = lines.as_slice();
    while !rest.is_empty() {
        let block = 1 + rest[1..].iter().take_while(|line| !line.opens_block).count();
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

/// Widths at which text is wrapped, and the maximum difference between its lines, in characters.
const WRAP_CHARS: std::ops::RangeInclusive<usize> = 45..=110;
const WRAP_DIFFERENCE: usize = 25;

/// Whether a block is wrapped text: lines of similar width, at least one of which continues in lower case on the next.
fn is_wrapped(block: &[Line<'_>]) -> bool {
    let Some((_, full)) = block.split_last().filter(|(_, full)| !full.is_empty()) else { return false };
    let widths = full.iter().map(|line| line.text.chars().count());
    let (narrow, wide) = widths.fold((usize::MAX, 0), |(low, high), width| (low.min(width), high.max(width)));
    let small = |line: &Line<'_>| line.text.chars().next().is_some_and(char::is_lowercase);
    let continues = block.windows(2).any(|window| !ends_as_sentence(window[0].text) && small(&window[1]));
    WRAP_CHARS.contains(&narrow) && WRAP_CHARS.contains(&wide) && wide - narrow <= WRAP_DIFFERENCE && continues
}

fn physical_lines(document: &str) -> Vec<Line<'_>> {
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

/// A part of a line that has its own label.
#[derive(Clone, Debug)]
pub struct LabelledSpan {
    pub span: Span,
    pub label: Label,
    pub reason: &'static str,
}

/// Returns the pieces of a document. Each part extends over its line break or to the next part; blank lines are
/// separate pieces.
pub fn pieces(document: &str, mut parts: Vec<LabelledSpan>) -> Vec<Piece> {
    parts.sort_by_key(|part| part.span.start);
    let mut pieces = Vec::new();
    let mut at = 0;
    for (index, part) in parts.iter().enumerate() {
        push_blank(&mut pieces, at, part.span.start);
        let next = parts.get(index + 1).map_or(document.len(), |part| part.span.start);
        let between = &document[part.span.end..next];
        // To the end of the line, or to the next part of it.
        let end = between.find('\n').map_or(next, |at| part.span.end + at + 1);
        push(&mut pieces, part.span.start, end, part.label, part.reason);
        at = end;
    }
    push_blank(&mut pieces, at, document.len());
    pieces
}

fn push_blank(pieces: &mut Vec<Piece>, start: usize, end: usize) {
    push(pieces, start, end, Label::Removed, Piece::BLANK);
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
    fn a_paragraph_wrapped_at_a_fixed_width_is_one_line() {
        let document = "A headline\n\nThe old harbour bridge carried its first trams again on Monday after\n\
                        eleven months of repairs, the port authority said in the afternoon.\n\nShort\nlines\nstay\n";
        let texts: Vec<usize> = lines(document).iter().map(|line| line.text.lines().count()).collect();
        assert_eq!(texts, [1, 2, 1, 1, 1]);
    }

    #[test]
    fn the_pieces_tile_the_document() {
        let document = "\n\na b\r\n\nc\n \n";
        let part = |start, end| LabelledSpan { span: Span { start, end }, label: Label::Kept, reason: "body" };
        let pieces = pieces(document, vec![part(2, 3), part(4, 5), part(8, 9)]);
        let text: String = pieces.iter().map(|piece| &document[piece.start..piece.end]).collect();
        assert_eq!(text, document);
        assert_eq!(pieces.iter().filter(|piece| piece.label == Label::Kept).count(), 3);
    }
}
