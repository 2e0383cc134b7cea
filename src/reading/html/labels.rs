//! Labels each part of a page: blocks are kept, mined or removed; everything between them is markup.

use super::{Finding, ParsedPage, Scan, page_regions::Region, scan::HtmlBlock, text, visible_metadata};
use crate::{
    article::{Label, Piece, Span},
    enrich::{byline, dateline, dates},
    reading::{Paragraph, block_lines, page},
};

/// Maximum characters of a byline or date line.
const METADATA_LINE_CHARS: usize = 110;

/// A paragraph with at least this percentage of its bytes in links is a link to another page.
const LINKED_PERCENT: usize = 90;
/// A line with at least this percentage in links, separated by bars, is a menu.
const MENU_PERCENT: usize = 50;

/// Spans of lines that were labelled individually, with their labels and reasons.
pub type BlockLabels = Vec<(Span, Label, String)>;

/// Builds the page from its kept blocks, without those that repeat what metadata stated.
pub fn structured(scan: &Scan, stated: &ParsedPage, kept: &[bool]) -> (ParsedPage, BlockLabels) {
    let mut page = ParsedPage::default();
    let mut line_labels = BlockLabels::new();
    let deck = stated.deck.as_ref().map(|deck| &deck.value);
    let authors = stated.authors.as_ref().map_or(&[][..], |authors| &authors.value);
    for (block, kept) in scan.blocks.iter().zip(kept) {
        let text = &block.text;
        let is_headline =
            stated.headline.as_ref().is_some_and(|headline| visible_metadata::is_headline(block, headline));
        if is_headline || text.is_empty() {
            continue;
        }
        if Some(text) == deck && block.region.is_none() && page.deck.is_none() && text.split_whitespace().count() >= 3 {
            page.deck = Some(Finding {
                value: text.clone(),
                spans: block.spans.clone(),
                rule: "deck-block",
                alternatives: Vec::new(),
            });
            continue;
        }
        // A byline stands above the body, or between its first paragraph and the rest.
        if page.may_have_dateline()
            && block.region.is_none()
            && !(*kept && text::ends_as_sentence(text))
            && let Some(reason) = metadata_line(&mut page, scan, block, authors)
        {
            line_labels.extend(block.spans.iter().map(|span| (*span, Label::Mined, reason.to_owned())));
            continue;
        }
        if *kept {
            body(&mut page, block);
        }
    }
    (page, line_labels)
}

/// Why a block is not body text, although it may be within the body.
pub type Outside = Option<&'static str>;

pub fn outside(block: &HtmlBlock) -> Outside {
    let text = block.text.as_str();
    let linked = |percent: usize| block.linked * 100 >= text.len() * percent;
    let in_list = matches!(block.element.as_str(), "li" | "tr" | "dt" | "dd" | "blockquote");
    let paragraph = !in_list && block.element != "td" && !block.element.starts_with('h');
    let ends = text::ends_as_sentence(text);
    let menu = !in_list && text.matches(" | ").count() >= 2 && linked(MENU_PERCENT) && !ends;
    let link_only = paragraph && linked(LINKED_PERCENT) && !ends;
    text::by_words_alone(text).or(menu.then_some("menu")).or(link_only.then_some("link"))
}

/// Reads a byline or a date line before the body, and returns which it is.
fn metadata_line(page: &mut ParsedPage, scan: &Scan, block: &HtmlBlock, authors: &[String]) -> Option<&'static str> {
    let text = block.text.as_str();
    if text.chars().count() > METADATA_LINE_CHARS {
        return None;
    }
    let dated = dates::stated(text).filter(|_| !text::ends_as_sentence(text) || text.split_whitespace().count() <= 8);
    let before_date = dated.as_ref().map_or(text, |dated| &text[..dated.range.start]);
    let names = byline::line(before_date).or_else(|| byline::bare(text).filter(|bare| bare.as_slice() == authors));
    let found = dated.as_ref().map(|_| "date line").or(names.as_ref().map(|_| "byline"));
    let spans = || block.spans.clone();
    if let Some(names) = names {
        page.authors.get_or_insert(Finding { value: names, spans: spans(), rule: "byline", alternatives: Vec::new() });
    }
    if let Some(stated) = dated {
        let changed = scan.hints_at_change(&block.spans, &stated.published) || dates::is_of_change(before_date);
        let dated = Finding { value: stated.published, spans: spans(), rule: "date-line", alternatives: Vec::new() };
        if changed {
            page.modified.get_or_insert(dated);
        } else {
            page.published.get_or_insert(dated);
        }
    }
    found
}

/// Adds a block to the body. The first one may carry the dateline.
pub fn body(page: &mut ParsedPage, block: &HtmlBlock) {
    let mut text = block.text.clone();
    let mut spans = block.spans.clone();
    if page.may_have_dateline()
        && let Some(found) = dateline::find(&text)
    {
        page.deck_before_dateline();
        // Markup may separate the dateline from the text, so its span is that of the run that holds it.
        let printed = text[found.printed.clone()].to_owned();
        let head = Finding { value: printed, spans: spans[..1].to_vec(), rule: "dateline", alternatives: Vec::new() };
        if let Some((_, agency)) = found.agency {
            page.agency = Some(Finding { value: agency.to_owned(), rule: "dateline-agency", ..head.clone() });
        }
        page.dateline = Some(head);
        text = text[found.body_start..].to_owned();
    }
    spans.dedup();
    page.body.push(Paragraph { text, spans });
}

/// Reads a page of which no block is body text: its blocks as the lines of flattened text.
pub fn flattened(scan: &Scan) -> (ParsedPage, BlockLabels) {
    let seen = scan.blocks.iter().filter(|block| block.region.is_none_or(Region::is_visible));
    let blocks: Vec<_> = seen
        .map(|finding| block_lines::TextBlock { text: finding.text.clone(), spans: finding.spans.clone() })
        .collect();
    let (mut page, labels) = block_lines::read(&blocks);
    // The lines don't have the hints of the markup.
    if let Some(changed) = page.published.take_if(|date| scan.hints_at_change(&date.spans, &date.value)) {
        page.modified.get_or_insert(changed);
    }
    let labels = blocks.iter().zip(labels).filter(|(_, (_, reason))| reason != Piece::BLANK);
    let line_labels =
        labels.flat_map(|(block, (label, reason))| block.spans.iter().map(move |span| (*span, label, reason.clone())));
    (page, line_labels.collect())
}

/// Returns the pieces of the page: the labelled runs of text, the metadata values that were used, and the rest.
pub fn pieces(
    document: &str,
    scan: &Scan,
    outside: &[Outside],
    page: &ParsedPage,
    line_labels: &BlockLabels,
) -> Vec<Piece> {
    let mut parts: Vec<(Span, Label, &str)> = Vec::new();
    let kept: Vec<(&[Span], &str)> = page
        .body
        .iter()
        .map(|paragraph| (paragraph.spans.as_slice(), "body"))
        .chain(page.deck.iter().map(|deck| (deck.spans.as_slice(), "deck")))
        .chain(page.headline.iter().map(|headline| (headline.spans.as_slice(), "headline")))
        .collect();
    let texts: std::collections::HashSet<Span> =
        scan.blocks.iter().flat_map(|block| block.spans.iter().copied()).collect();
    for (spans, reason) in kept {
        for span in spans {
            let label = if texts.contains(span) { Label::Kept } else { Label::Mined };
            parts.push((*span, label, reason));
        }
    }
    for (field, spans) in page.mined() {
        parts.extend(spans.iter().map(|span| (*span, Label::Mined, field)));
    }
    parts.extend(line_labels.iter().map(|(span, label, reason)| (*span, *label, reason.as_str())));
    for (block, outside) in scan.blocks.iter().zip(outside) {
        let reason = match block.region {
            _ if block.text.is_empty() => Piece::BLANK,
            Some(region) => region.reason(),
            None => outside.unwrap_or("not part of the body"),
        };
        parts.extend(block.spans.iter().map(|span| (*span, Label::Removed, reason)));
    }
    parts.extend(scan.silent.iter().map(|(span, reason)| (*span, Label::Removed, *reason)));
    page::tile(Span { start: 0, end: document.len() }, &parts, "markup")
}
