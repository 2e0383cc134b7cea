//! Markdown: its blocks, read by the rules of flattened text. `pulldown-cmark` finds the blocks and their spans.

use super::{
    ParsedPage,
    block_lines::{self, TextBlock},
};
use crate::article::{Label, Piece, Span};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// Prefix of a list item, for the line rules, which otherwise treat a run of short lines as links.
const ITEM: &str = "• ";

pub fn read(document: &str) -> ParsedPage {
    let blocks = blocks(document);
    let (mut page, labels) = block_lines::read(&blocks);
    for paragraph in &mut page.body {
        if let Some(item) = paragraph.text.strip_prefix(ITEM) {
            paragraph.text = item.to_owned();
        }
    }
    let mut at = 0;
    for (block, (label, reason)) in blocks.iter().zip(labels) {
        for span in &block.spans {
            push(&mut page.pieces, at, span.start, Label::Removed, "markup");
            push(&mut page.pieces, span.start.max(at), span.end, label, &reason);
            at = at.max(span.end);
        }
    }
    push(&mut page.pieces, at, document.len(), Label::Removed, "markup");
    page
}

fn push(pieces: &mut Vec<Piece>, start: usize, end: usize, label: Label, reason: &str) {
    if start < end {
        pieces.push(Piece { start, end, label, reason: reason.to_owned(), text: String::new() });
    }
}

/// Returns headings, paragraphs, items and cells, each with its source span, from its first text to its last.
fn blocks(document: &str) -> Vec<TextBlock> {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
    let mut blocks: Vec<TextBlock> = Vec::new();
    let mut open = TextBlock { text: String::new(), spans: Vec::new() };
    let mut skipped = 0_usize;
    let end = |open: &mut TextBlock, blocks: &mut Vec<TextBlock>| {
        let block = std::mem::replace(open, TextBlock { text: String::new(), spans: Vec::new() });
        let first = block.spans.first().map(|span| span.start);
        if let Some(span) = first.zip(block.spans.last().map(|span| span.end)).map(|(start, end)| Span { start, end }) {
            blocks.push(TextBlock { spans: vec![span], ..block });
        }
    };
    for (event, range) in Parser::new_ext(document, options).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(_) | Tag::MetadataBlock(_) | Tag::Image { .. }) => skipped += 1,
            Event::End(TagEnd::CodeBlock | TagEnd::MetadataBlock(_) | TagEnd::Image) => {
                skipped = skipped.saturating_sub(1)
            }
            Event::Start(Tag::Item) => {
                end(&mut open, &mut blocks);
                open.text.push_str(ITEM);
            }
            Event::Start(Tag::Paragraph | Tag::Heading { .. } | Tag::TableCell) if !open.spans.is_empty() => {
                end(&mut open, &mut blocks);
            }
            Event::End(TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::Item | TagEnd::TableCell) => {
                end(&mut open, &mut blocks)
            }
            Event::Text(text) | Event::Code(text) if skipped == 0 => {
                open.text.push_str(&text);
                open.spans.push(Span { start: range.start, end: range.end });
            }
            Event::SoftBreak | Event::HardBreak => open.text.push(' '),
            _ => {}
        }
    }
    end(&mut open, &mut blocks);
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn markdown_markup_is_removed_and_words_are_kept() {
        let document = "# Two ports, one ticket\n\n*By Ana Sá · 7 April 2025*\n\n**LISBON, Portugal** — The two ports will \
            sell **one ticket** from Monday, [the ministries](https://gazette.example) said.\n\n## Prices\n\n> \"Nothing gets \
            dearer,\" the minister said on the quay.\n\n- adults: 4 euros\n- children: free\n- dogs: free\n- bicycles: 2 euros\n\n---\n";
        let page = read(document);
        assert!(page.tiles(document), "{:?}", page.pieces);
        assert_eq!(page.headline.map(|headline| headline.value).as_deref(), Some("Two ports, one ticket"));
        assert_eq!(page.authors.map(|authors| authors.value), Some(vec!["Ana Sá".to_owned()]));
        assert_eq!(page.dateline.map(|dateline| dateline.value).as_deref(), Some("LISBON, Portugal"));
        let body: Vec<_> = page.body.iter().map(|paragraph| paragraph.text.as_str()).collect();
        assert_eq!(body[0], "The two ports will sell one ticket from Monday, the ministries said.");
        let rest = [
            "Prices",
            "\"Nothing gets dearer,\" the minister said on the quay.",
            "adults: 4 euros",
            "children: free",
            "dogs: free",
            "bicycles: 2 euros",
        ];
        assert_eq!(body[1..], rest);
    }

    proptest! {
        #[test]
        fn the_pieces_tile_every_markdown_document(document in "(\\PC|\n|# |- |> |\\*|\\*\\*|_|`|```\n|\\[a\\]\\(b\\)|\\|a\\|b\\|\n\\|-\\|-\\|\n|---\n|    |1. |!\\[x\\]\\(y\\)|<b>){0,40}") {
            prop_assert!(read(&document).tiles(&document));
        }
    }
}
