//! Terminal output of `dateline read --evidence` and `--explain`: the document with its labels in the margin, then the
//! extracted fields.

use super::{harmless, say};
use crate::article::{Article, Evidence, FieldEvidence, Label, Piece, Span};
use anstyle::{AnsiColor, Color, Style};
use serde::Serialize;

/// One article as it was read.
#[derive(Serialize)]
pub struct ReadOutput {
    pub article: Article,
    pub evidence: Evidence,
}

/// Whether field spans are coloured within the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spans {
    Plain,
    Coloured,
}

/// Colours of fields, assigned in turn. Green, yellow and red are reserved for labels.
const COLOURS: [AnsiColor; 6] = [
    AnsiColor::Cyan,
    AnsiColor::Magenta,
    AnsiColor::BrightBlue,
    AnsiColor::BrightCyan,
    AnsiColor::BrightMagenta,
    AnsiColor::Blue,
];
/// The body is most of the kept text; its paragraphs need no colour.
const BODY: &str = "body";

/// Prints each piece with its label and reason, then the fields with their rules, spans and reasoning.
pub fn show(name: &str, read: &ReadOutput, spans: Spans) {
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
        let mut rendered = String::new();
        for (words, own) in runs(line, at, coloured) {
            let style = own.unwrap_or(style);
            rendered.push_str(&format!("{style}{}{style:#}", harmless(words)));
        }
        say(format_args!("{style}{margin:32}{style:#} {rendered}"));
        at += line.len() + 1;
    }
}

/// Splits a line that starts at byte `start` of the document wherever a field's span begins or ends. Among nested
/// spans, the shortest gives the style.
fn runs<'a>(line: &'a str, start: usize, coloured: &[(Span, Style)]) -> Vec<(&'a str, Option<Style>)> {
    let end = start + line.len();
    let overlapping: Vec<&(Span, Style)> =
        coloured.iter().filter(|(span, _)| span.start < end && start < span.end).collect();
    let mut cuts: Vec<usize> =
        overlapping.iter().flat_map(|(span, _)| [span.start.max(start), span.end.min(end)]).collect();
    cuts.extend([start, end]);
    cuts.sort_unstable();
    cuts.dedup();
    let run = |cut: &[usize]| {
        let words = line.get(cut[0] - start..cut[1] - start).unwrap_or_default();
        let over = overlapping.iter().filter(|(span, _)| span.start <= cut[0] && cut[1] <= span.end);
        (words, over.min_by_key(|(span, _)| span.end - span.start).map(|(_, style)| *style))
    };
    cuts.windows(2).map(run).collect()
}

fn coloured(fields: &[FieldEvidence]) -> Vec<(Span, Style)> {
    let fields = fields.iter().enumerate().filter(|(_, field)| field.field != BODY);
    fields.flat_map(|(at, field)| field.spans.iter().map(move |span| (*span, colour(at)))).collect()
}

fn colour(at: usize) -> Style {
    Style::new().fg_color(Some(Color::Ansi(COLOURS[at % COLOURS.len()]))).underline()
}

fn show_field(field: &FieldEvidence, style: Style, spans: Spans) {
    let value = field.normalised.as_deref().unwrap_or("");
    say(format_args!("{style}{:16}{style:#} {:24} {}", field.field, field.rule, harmless(value)));
    if spans == Spans::Coloured && field.field != BODY {
        let ranges: Vec<String> = field.spans.iter().map(|span| format!("{}..{}", span.start, span.end)).collect();
        let ranges = if ranges.is_empty() { "no span".to_owned() } else { ranges.join(" ") };
        say(format_args!("{:16} {:24} {ranges}", "", "at bytes"));
    }
    for alternative in &field.alternatives {
        say(format_args!("{:16} {:24} {}", "", "alternative", harmless(alternative)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_split_at_field_span_boundaries() {
        let (outer, inner) = (colour(0), colour(1));
        let spans = [(Span { start: 10, end: 30 }, outer), (Span { start: 14, end: 18 }, inner)];
        assert_eq!(
            runs("By Ana Sá, Lisbon", 7, &spans),
            [("By ", None), ("Ana ", Some(outer)), ("Sá,", Some(inner)), (" Lisbon", Some(outer))]
        );
        assert_eq!(runs("elsewhere", 40, &spans), [("elsewhere", None)]);
    }
}
