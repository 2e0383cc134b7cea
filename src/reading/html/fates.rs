//! What becomes of each part of a page: blocks are kept, mined or removed; what lies between them is markup.

use super::{Finding, Page, Scan, scan::Block, text, visible};
use crate::{
    article::{Label, Piece, Span},
    enrich::{byline, dateline, dates},
    reading::{Paragraph, page, view},
};

/// The longest line that is a byline or a date and no sentence.
const MARK_CHARS: usize = 110;

/// A paragraph of which so many of a hundred bytes are links is one to another story.
const LINKED_PERCENT: usize = 90;
/// And a line of so many, set apart by bars, is a menu.
const MENU_PERCENT: usize = 50;

/// Places of lines that were understood by themselves, with what became of them.
pub type Marks = Vec<(Span, Label, String)>;

/// A page whose story is known: its blocks that are aligned, without those that say again what metadata stated.
pub fn structured(scan: &Scan, outside: &[Outside], stated: &Page, aligned: &[bool]) -> (Page, Marks) {
    let mut page = Page::default();
    let mut marks = Marks::new();
    let deck = stated.deck.as_ref().map(|it| &it.value);
    let summary = stated.summary.as_ref().map(|it| &it.value);
    let authors = stated.authors.as_ref().map_or(&[][..], |it| &it.value);
    for ((block, outside), aligned) in scan.blocks.iter().zip(outside).zip(aligned) {
        let text = &block.text;
        let is_headline = stated.headline.as_ref().is_some_and(|it| visible::is_headline(block, it));
        if is_headline || text.is_empty() {
            continue;
        }
        let is_deck = Some(text) == deck || page.body.is_empty() && Some(text) == summary && page.deck.is_none();
        if is_deck && block.region.is_none() && page.deck.is_none() && text.split_whitespace().count() >= 3 {
            page.deck = Some(Finding {
                value: text.clone(),
                spans: block.spans.clone(),
                rule: "deck-block",
                others: Vec::new(),
            });
            continue;
        }
        if page.body.is_empty()
            && block.region.is_none()
            && !(*aligned && text::ends_as_sentence(text))
            && let Some(reason) = mark(&mut page, scan, block, authors)
        {
            marks.extend(block.spans.iter().map(|it| (*it, Label::Mined, reason.to_owned())));
            continue;
        }
        if *aligned && outside.is_none() {
            story(&mut page, block);
        }
    }
    (page, marks)
}

/// Why a block is no part of a story, though it may stand within one.
pub type Outside = Option<&'static str>;

pub fn outside(block: &Block) -> Outside {
    let text = block.text.as_str();
    let linked = |percent: usize| block.linked * 100 >= text.len() * percent;
    let in_list = matches!(block.element.as_str(), "li" | "tr" | "dt" | "dd" | "blockquote");
    let paragraph = !in_list && block.element != "td" && !block.element.starts_with('h');
    let ends = text::ends_as_sentence(text);
    let menu = !in_list && text.matches(" | ").count() >= 2 && linked(MENU_PERCENT) && !ends;
    let to_another = paragraph && linked(LINKED_PERCENT) && !ends;
    text::by_words_alone(text).or(menu.then_some("menu")).or(to_another.then_some("link"))
}

/// A block that is a byline or a date line, before the story, and which.
fn mark(page: &mut Page, scan: &Scan, block: &Block, authors: &[String]) -> Option<&'static str> {
    let text = block.text.as_str();
    if text.chars().count() > MARK_CHARS {
        return None;
    }
    let dated = dates::stated(text).filter(|_| !text::ends_as_sentence(text) || text.split_whitespace().count() <= 8);
    let before_date = dated.as_ref().map_or(text, |it| &text[..it.range.start]);
    let names = byline::line(before_date).or_else(|| byline::bare(text).filter(|it| it.as_slice() == authors));
    let found = dated.as_ref().map(|_| "date line").or(names.as_ref().map(|_| "byline"));
    let spans = || block.spans.clone();
    if let Some(names) = names {
        page.authors.get_or_insert(Finding { value: names, spans: spans(), rule: "byline", others: Vec::new() });
    }
    if let Some(stated) = dated {
        let changed = scan.marks_change(block, &stated) || dates::is_of_change(before_date);
        let dated = Finding { value: stated.published, spans: spans(), rule: "date-line", others: Vec::new() };
        if changed {
            page.modified.get_or_insert(dated);
        } else {
            page.published.get_or_insert(dated);
        }
    }
    found
}

/// Adds a block to the story: its first may carry the dateline.
pub fn story(page: &mut Page, block: &Block) {
    let mut text = block.text.clone();
    let mut spans = block.spans.clone();
    if page.may_have_dateline()
        && let Some(found) = dateline::find(&text)
    {
        page.deck_before_dateline();
        // The dateline may be set apart by markup, so its place is that of the runs that hold it.
        let printed = text[found.printed.clone()].to_owned();
        let head = Finding { value: printed, spans: spans[..1].to_vec(), rule: "dateline", others: Vec::new() };
        if let Some((_, agency)) = found.agency {
            page.agency = Some(Finding { value: agency.to_owned(), rule: "dateline-agency", ..head.clone() });
        }
        page.dateline = Some(head);
        text = text[found.story..].to_owned();
    }
    spans.dedup();
    page.body.push(Paragraph { text, spans });
}

/// Regions that no reader sees.
const UNSEEN: [&str; 3] = ["template", "drawing", "hidden"];

/// A page whose story is not known: its blocks as the lines of flattened text.
pub fn flattened(scan: &Scan) -> (Page, Marks) {
    let seen = scan.blocks.iter().filter(|it| it.region.is_none_or(|it| !UNSEEN.contains(&it)));
    let blocks: Vec<_> = seen.map(|it| view::Block { text: it.text.clone(), spans: it.spans.clone() }).collect();
    let (page, fates) = view::read(&blocks);
    let fates = blocks.iter().zip(fates).filter(|(_, (_, reason))| reason != "blank");
    let marks =
        fates.flat_map(|(block, (label, reason))| block.spans.iter().map(move |it| (*it, label, reason.clone())));
    (page, marks.collect())
}

/// The pieces of the page: the runs of text by what was made of them, values of metadata that were used, the rest.
pub fn pieces(document: &str, scan: &Scan, outside: &[Outside], page: &Page, marks: &Marks) -> Vec<Piece> {
    let mut parts: Vec<(Span, Label, &str)> = Vec::new();
    let kept: Vec<(&[Span], &str)> = page
        .body
        .iter()
        .map(|it| (it.spans.as_slice(), "story"))
        .chain(page.deck.iter().map(|it| (it.spans.as_slice(), "deck")))
        .chain(page.headline.iter().map(|it| (it.spans.as_slice(), "headline")))
        .collect();
    let texts: std::collections::HashSet<Span> = scan.blocks.iter().flat_map(|it| it.spans.iter().copied()).collect();
    for (spans, reason) in kept {
        for span in spans {
            let label = if texts.contains(span) { Label::Kept } else { Label::Mined };
            parts.push((*span, label, reason));
        }
    }
    for (field, spans) in page.mined() {
        parts.extend(spans.iter().map(|it| (*it, Label::Mined, field)));
    }
    parts.extend(marks.iter().map(|(span, label, reason)| (*span, *label, reason.as_str())));
    for (block, outside) in scan.blocks.iter().zip(outside) {
        let reason = match block.region {
            _ if block.text.is_empty() => "blank",
            Some(region) => region,
            None => outside.unwrap_or("not part of the story"),
        };
        parts.extend(block.spans.iter().map(|it| (*it, Label::Removed, reason)));
    }
    parts.extend(scan.silent.iter().map(|(span, reason)| (*span, Label::Removed, *reason)));
    page::tile(Span { start: 0, end: document.len() }, &parts, "markup")
}
