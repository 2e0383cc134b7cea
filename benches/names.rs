//! `dateline-bench names`: measures the names found in texts with gold labels.
//!
//! A file is in the format of CoNLL 2003: a line for each word with its label in the last column (`B-PER`, `I-PER`,
//! `ORG`, `LOC`; any other is outside), a blank line after a sentence, `-DOCSTART-` before a document.

use clap::Args;
use dateline::{
    article::EntityType,
    cli::CommandError,
    enrich::{entities, text_fields::text_fields},
};
use std::{collections::BTreeSet, ops::Range, path::PathBuf};

#[derive(Clone, Debug, Args)]
pub struct NamesOptions {
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print the features of every word instead, to train the tagger
    #[arg(long)]
    features: bool,
}

/// Sentences of a paragraph, which the files do not state.
const SENTENCES: usize = 4;
/// Signs before which a text has no blank, and after which it has none.
const CLOSING: [&str; 12] = [",", ".", ";", ":", "?", "!", ")", "]", "'s", "’s", "%", "”"];
const OPENING: [&str; 4] = ["(", "[", "“", "$"];

#[derive(Default)]
struct GoldDocument {
    paragraphs: Vec<String>,
    /// Each name with its paragraph, its bytes there and its label.
    names: Vec<(usize, Range<usize>, String)>,
}

pub fn run(options: &NamesOptions) -> Result<(), CommandError> {
    for file in &options.files {
        let documents =
            documents(&std::fs::read_to_string(file).map_err(CommandError::io(file.display().to_string()))?);
        if options.features {
            documents.iter().for_each(features);
        } else {
            println!("{}", file.display());
            score(&documents);
        }
    }
    Ok(())
}

fn documents(conll: &str) -> Vec<GoldDocument> {
    let mut documents: Vec<GoldDocument> = Vec::new();
    let mut sentences = 0;
    // The kind of the name that the next word may continue.
    let mut open: Option<String> = None;
    for line in conll.lines() {
        let mut columns = line.split_whitespace();
        let (word, label) = (columns.next(), columns.next_back().unwrap_or("O"));
        if word == Some("-DOCSTART-") {
            documents.push(GoldDocument::default());
            (sentences, open) = (0, None);
            continue;
        }
        if documents.is_empty() {
            documents.push(GoldDocument::default());
        }
        let Some(document) = documents.last_mut() else { continue };
        // The files of GUM, of three columns, part compounds at their hyphens.
        let parted = line.split_whitespace().count() == 3;
        let Some(word) = word else {
            (sentences, open) = (sentences + 1, None);
            continue;
        };
        if sentences >= SENTENCES || document.paragraphs.is_empty() {
            document.paragraphs.push(String::new());
            sentences = 0;
        }
        let paragraph = document.paragraphs.len() - 1;
        let text = &mut document.paragraphs[paragraph];
        let is_hyphen = parted && (word == "-" || text.ends_with('-') && !text.ends_with(" -"));
        let is_joined = is_hyphen || CLOSING.contains(&word) || OPENING.iter().any(|sign| text.ends_with(sign));
        if !text.is_empty() && !is_joined {
            text.push(' ');
        }
        let start = text.len();
        text.push_str(word);
        let range = start..text.len();
        let kind = label.split_once('-').map(|(_, kind)| kind).filter(|kind| ["PER", "ORG", "LOC"].contains(kind));
        match (kind, document.names.last_mut()) {
            (Some(kind), Some((at, name, _)))
                if label.starts_with('I') && *at == paragraph && open.as_deref() == Some(kind) =>
            {
                name.end = range.end;
            }
            (Some(kind), _) => document.names.push((paragraph, range, kind.to_owned())),
            (None, _) => {}
        }
        open = kind.map(str::to_owned);
    }
    documents
}

/// Prints a row for each word: the word, its label, its features; a blank line after a paragraph, and a line with a
/// hyphen after a document.
fn features(document: &GoldDocument) {
    for (paragraph, words) in entities::name_examples(&document.paragraphs).into_iter().enumerate() {
        for (range, features) in words {
            let name = document
                .names
                .iter()
                .find(|(at, name, _)| *at == paragraph && name.start < range.end && range.start < name.end);
            let label = name.map_or("O".to_owned(), |(_, name, kind)| {
                format!("{}-{kind}", if range.start <= name.start { "B" } else { "I" })
            });
            let features: Vec<String> = features.iter().map(|feature| format!("{feature:x}")).collect();
            println!("{}\t{label}\t{}", &document.paragraphs[paragraph][range], features.join("\t"));
        }
        println!();
    }
    println!("-");
}

/// Prints precision and recall of the facets of a file's documents.
fn score(documents: &[GoldDocument]) {
    let kinds = [("PER", EntityType::Person, 2), ("ORG", EntityType::Organisation, 1), ("LOC", EntityType::Place, 1)];
    for (label, kind, words_min) in kinds {
        let (mut right, mut found_count, mut gold_count) = (0, 0, 0);
        for document in documents {
            let full = |name: &str| name.split_whitespace().count() >= words_min;
            let named = document.names.iter().filter(|(_, _, kind)| kind == label);
            let named = named.map(|(paragraph, range, _)| tidy(&document.paragraphs[*paragraph][range.clone()]));
            let gold: BTreeSet<String> = named.filter(|name| full(name)).collect();
            let found = entities::find(&text_fields(None, None, &document.paragraphs), Some("en"), None, &[]).entities;
            let is_kind = |entity: &dateline::article::Entity| {
                entity.kind == kind || kind == EntityType::Place && entity.kind == EntityType::Country
            };
            let facets = found.iter().map(|found| &found.entity).filter(|entity| entity.strong && is_kind(entity));
            let text = |entity: &dateline::article::Entity| {
                let at = entity.mentions.iter().map(|span| {
                    let range = span.start as usize..span.end as usize;
                    tidy(&document.paragraphs[span.paragraph as usize][range])
                });
                at.max_by_key(|name| name.len()).unwrap_or_default()
            };
            let found: BTreeSet<String> = facets.map(text).collect();
            right += found.intersection(&gold).count();
            found_count += found.len();
            gold_count += gold.len();
            if std::env::var_os("DATELINE_WRONG").is_some() {
                found.difference(&gold).for_each(|name| println!("    {label} + {name}"));
            }
        }
        let share = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
        println!(
            "  {label}  precision {:.3} of {found_count}  recall {:.3} of {gold_count}",
            share(right, found_count),
            share(right, gold_count)
        );
    }
}

/// Returns a name without an article and a possessive ending.
fn tidy(name: &str) -> String {
    let name = name.trim_end_matches([',', '.', '"', ')']).trim_end_matches("'s").trim();
    ["The ", "the "].iter().find_map(|article| name.strip_prefix(article)).unwrap_or(name).to_owned()
}
