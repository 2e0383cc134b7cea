//! A document with its labels in the margin, and the fields that were read from it: what `dateline read` shows a person.

use super::{harmless, read::Read, say};
use crate::article::{FieldEvidence, Label, Piece, Span};
use anstyle::{AnsiColor, Color, Style};

/// Whether the spans of fields stand out within the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spans {
    Plain,
    Coloured,
}

/// The colours of fields, in turn. Green, yellow and red are those of the labels.
const COLOURS: [AnsiColor; 6] = [
    AnsiColor::Cyan,
    AnsiColor::Magenta,
    AnsiColor::BrightBlue,
    AnsiColor::BrightCyan,
    AnsiColor::BrightMagenta,
    AnsiColor::Blue,
];
/// The story is most of what is kept, and its paragraphs are seen without a colour.
const STORY: &str = "body";

/// Each piece under its label and reason; then the fields with their rules, their places and their reasoning.
pub fn show(name: &str, read: &Read, spans: Spans) {
    let bold = Style::new().bold();
    say(format_args!("{bold}{name}{bold:#}"));
    let fields = &read.evidence.fields;
    let coloured = match spans {
        Spans::Plain => Vec::new(),
        Spans::Coloured => coloured(fields),
    };
    for piece in &read.evidence.pieces {
        show_piece(piece, &coloured);
    }
    say(format_args!(""));
    for (at, field) in fields.iter().enumerate() {
        let style = if coloured.is_empty() { Style::new() } else { colour(at) };
        show_field(field, style, spans);
    }
    if let Some(reasoning) = &read.article.facts.published.reasoning {
        say(format_args!("{:16} {:24} {}", "published", "because", harmless(reasoning)));
    }
    for left_out in &read.evidence.left_out {
        say(format_args!("{:16} {}", "left out", harmless(left_out)));
    }
    say(format_args!(""));
}

fn show_piece(piece: &Piece, coloured: &[(Span, Style)]) {
    let (word, style) = match piece.label {
        Label::Kept => ("kept", AnsiColor::Green.on_default()),
        Label::Mined => ("mined", AnsiColor::Yellow.on_default()),
        Label::Removed => ("removed", AnsiColor::Red.on_default().dimmed()),
    };
    let mut at = piece.start;
    for (number, line) in piece.text.trim_end_matches('\n').split('\n').enumerate() {
        let margin = if number == 0 { format!("{word:7} {:24.24}", piece.reason) } else { String::new() };
        let mut shown = String::new();
        for (words, own) in runs(line, at, coloured) {
            let style = own.unwrap_or(style);
            shown.push_str(&format!("{style}{}{style:#}", harmless(words)));
        }
        say(format_args!("{style}{margin:32}{style:#} {shown}"));
        at += line.len() + 1;
    }
}

/// A line that begins at a byte of the document, cut where a field's span begins or ends. Of spans within one another, the
/// shortest has the word.
fn runs<'a>(line: &'a str, start: usize, coloured: &[(Span, Style)]) -> Vec<(&'a str, Option<Style>)> {
    let end = start + line.len();
    let near: Vec<&(Span, Style)> = coloured.iter().filter(|(it, _)| it.start < end && start < it.end).collect();
    let mut cuts: Vec<usize> = near.iter().flat_map(|(it, _)| [it.start.max(start), it.end.min(end)]).collect();
    cuts.extend([start, end]);
    cuts.sort_unstable();
    cuts.dedup();
    let run = |cut: &[usize]| {
        let words = line.get(cut[0] - start..cut[1] - start).unwrap_or_default();
        let over = near.iter().filter(|(it, _)| it.start <= cut[0] && cut[1] <= it.end);
        (words, over.min_by_key(|(it, _)| it.end - it.start).map(|(_, style)| *style))
    };
    cuts.windows(2).map(run).collect()
}

fn coloured(fields: &[FieldEvidence]) -> Vec<(Span, Style)> {
    let fields = fields.iter().enumerate().filter(|(_, it)| it.field != STORY);
    fields.flat_map(|(at, it)| it.spans.iter().map(move |span| (*span, colour(at)))).collect()
}

fn colour(at: usize) -> Style {
    Style::new().fg_color(Some(Color::Ansi(COLOURS[at % COLOURS.len()]))).underline()
}

fn show_field(field: &FieldEvidence, style: Style, spans: Spans) {
    let value = field.normalised.as_deref().unwrap_or("");
    say(format_args!("{style}{:16}{style:#} {:24} {}", field.field, field.rule, harmless(value)));
    if spans == Spans::Coloured && field.field != STORY {
        let places: Vec<String> = field.spans.iter().map(|it| format!("{}..{}", it.start, it.end)).collect();
        let places = if places.is_empty() { "nowhere in particular".to_owned() } else { places.join(" ") };
        say(format_args!("{:16} {:24} {places}", "", "at bytes"));
    }
    for other in &field.others {
        say(format_args!("{:16} {:24} {}", "", "not followed", harmless(other)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_at_the_spans_of_fields() {
        let (outer, inner) = (colour(0), colour(1));
        let spans = [(Span { start: 10, end: 30 }, outer), (Span { start: 14, end: 18 }, inner)];
        assert_eq!(
            runs("By Ana Sá, Lisbon", 7, &spans),
            [("By ", None), ("Ana ", Some(outer)), ("Sá,", Some(inner)), (" Lisbon", Some(outer))]
        );
        assert_eq!(runs("elsewhere", 40, &spans), [("elsewhere", None)]);
    }
}
