//! `dateline-bench stories DIR`: how many near-duplicates are found, and how many other texts are accepted.
//!
//! Every text of `DIR/pages.jsonl` is archived; then each is looked up as other sites would publish it: within another
//! boilerplate, lightly edited, truncated, with gaps. The archive's own method decides: bands select candidates,
//! similarity accepts them.

use crate::read::{Page, pages};
use clap::Args;
use dateline::{cli::CommandError, enrich::near_duplicates::Shingles};
use std::{
    collections::{BTreeSet, HashMap},
    path::PathBuf,
};

#[derive(Clone, Debug, Args)]
pub struct StoriesOptions {
    /// Folder with `pages.jsonl`: one object per line, with `id` and `body`
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// Boilerplate that other sites put around a body.
const AROUND: &str = "Subscribe today for unlimited access to all our reporting, puzzles and the weekend edition.\n\
    More from this section: the ten most read stories of the week, chosen by our editors.\n\
    All rights reserved. No part of this page may be reproduced without written permission of the publisher.";

type Mutation = (&'static str, fn(&str) -> String);

const MUTATIONS: [Mutation; 6] = [
    ("unchanged", str::to_owned),
    ("other boilerplate", |text| format!("{AROUND}\n{text}\n{AROUND}")),
    ("light edits", |text| {
        words(text, |at, word| Some(if at % 25 == 7 { "edited".to_owned() } else { word.to_owned() }))
    }),
    ("first half", |text| first(text, 2)),
    ("first third", |text| first(text, 3)),
    ("40 % dropped", |text| {
        let kept = |at: usize| scattered(at) % 10 >= 4;
        let sentences = text.split_inclusive(". ").enumerate().filter(|(at, _)| kept(*at));
        sentences.map(|(_, sentence)| sentence).collect()
    }),
];

fn words(text: &str, each: impl Fn(usize, &str) -> Option<String>) -> String {
    text.split(' ').enumerate().filter_map(|(at, word)| each(at, word)).collect::<Vec<_>>().join(" ")
}

fn first(text: &str, of: usize) -> String {
    let all = text.split(' ').count();
    words(text, |at, word| (at * of < all).then(|| word.to_owned()))
}

/// Returns a pseudo-random number for a position, the same on every run.
fn scattered(at: usize) -> usize {
    at.wrapping_mul(2_654_435_761) >> 7
}

pub fn run(options: &StoriesOptions) -> Result<(), CommandError> {
    let pages: Vec<Page> = pages(&options.folder)?;
    let archived: Vec<Shingles> = pages.iter().map(|page| shingles(&page.body)).collect();
    let mut bands: HashMap<(usize, u64), Vec<usize>> = HashMap::new();
    for (at, shingles) in archived.iter().enumerate() {
        for band in shingles.bands().into_iter().enumerate() {
            bands.entry(band).or_default().push(at);
        }
    }
    println!("{} texts archived{:10} found  recall    false accepts", pages.len(), "");
    let (mut lookups, mut false_accepts) = (0, 0);
    for (name, mutate) in MUTATIONS {
        let (mut found, mut others) = (0, 0);
        for (at, page) in pages.iter().enumerate() {
            let mutated = shingles(&mutate(&page.body));
            let matches = mutated.bands().into_iter().enumerate().filter_map(|band| bands.get(&band));
            let candidates: BTreeSet<usize> = matches.flatten().copied().collect();
            let accepted =
                candidates.into_iter().filter(|candidate| mutated.similarity(&archived[*candidate]).is_of_one_story());
            for other in accepted {
                if other == at {
                    found += 1;
                } else if !archived[other].similarity(&archived[at]).is_of_one_story() {
                    others += 1;
                }
            }
        }
        lookups += pages.len();
        false_accepts += others;
        let recall = f64::from(found) / pages.len().max(1) as f64;
        println!("  {name:28} {found:5}  {recall:6.3}  {others:15}");
    }
    println!("  {false_accepts} false accepts in {lookups} look-ups, similar originals excluded");
    Ok(())
}

fn shingles(text: &str) -> Shingles {
    Shingles::of(&text.lines().map(str::to_owned).collect::<Vec<_>>())
}
