//! `dateline bench stories DIR`: how many near-duplicates are found, and how many texts are taken for one that are none.
//!
//! Every text of `DIR/pages.jsonl` is archived; then each is looked up as others would bring it: between another site's
//! lines, lightly edited, cut, with gaps. The same words as in the archive decide: bands name candidates, likeness accepts.

use super::read::{Page, pages};
use crate::{
    cli::{Failure, say},
    enrich::likeness::Shingles,
};
use clap::Args;
use std::{
    collections::{BTreeSet, HashMap},
    path::PathBuf,
};

#[derive(Clone, Debug, Args)]
pub struct Options {
    /// The folder with `pages.jsonl`: an object a line, with `id` and `body`
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// What other sites put around a story.
const AROUND: &str = "Subscribe today for unlimited access to all our reporting, puzzles and the weekend edition.\n\
    More from this section: the ten most read stories of the week, chosen by our editors.\n\
    All rights reserved. No part of this page may be reproduced without written permission of the publisher.";

type Mutation = (&'static str, fn(&str) -> String);

const MUTATIONS: [Mutation; 6] = [
    ("as it is", str::to_owned),
    ("other boilerplate", |text| format!("{AROUND}\n{text}\n{AROUND}")),
    ("light edits", |text| {
        words(text, |at, word| Some(if at % 25 == 7 { "edited".to_owned() } else { word.to_owned() }))
    }),
    ("first half", |text| first(text, 2)),
    ("first third", |text| first(text, 3)),
    ("40 % dropped", |text| {
        let kept = |at: usize| scattered(at) % 10 >= 4;
        let sentences = text.split_inclusive(". ").enumerate().filter(|it| kept(it.0));
        sentences.map(|it| it.1).collect()
    }),
];

fn words(text: &str, each: impl Fn(usize, &str) -> Option<String>) -> String {
    text.split(' ').enumerate().filter_map(|(at, word)| each(at, word)).collect::<Vec<_>>().join(" ")
}

fn first(text: &str, of: usize) -> String {
    let all = text.split(' ').count();
    words(text, |at, word| (at * of < all).then(|| word.to_owned()))
}

/// The same on every run, and in no order.
fn scattered(at: usize) -> usize {
    at.wrapping_mul(2_654_435_761) >> 7
}

pub fn run(options: &Options) -> Result<(), Failure> {
    let pages: Vec<Page> = pages(&options.folder)?;
    let archived: Vec<Shingles> = pages.iter().map(|it| shingles(&it.body)).collect();
    let mut bands: HashMap<(usize, u64), Vec<usize>> = HashMap::new();
    for (at, shingles) in archived.iter().enumerate() {
        for band in shingles.bands().into_iter().enumerate() {
            bands.entry(band).or_default().push(at);
        }
    }
    say(format_args!("{} texts archived{:10} found  recall  others accepted", pages.len(), ""));
    let (mut lookups, mut false_accepts) = (0, 0);
    for (name, mutate) in MUTATIONS {
        let (mut found, mut others) = (0, 0);
        for (at, page) in pages.iter().enumerate() {
            let mutated = shingles(&mutate(&page.body));
            let known = mutated.bands().into_iter().enumerate().filter_map(|it| bands.get(&it));
            let candidates: BTreeSet<usize> = known.flatten().copied().collect();
            let accepted = candidates.into_iter().filter(|it| mutated.likeness(&archived[*it]).is_of_one_story());
            for other in accepted {
                if other == at {
                    found += 1;
                } else if !archived[other].likeness(&archived[at]).is_of_one_story() {
                    others += 1;
                }
            }
        }
        lookups += pages.len();
        false_accepts += others;
        let recall = f64::from(found) / pages.len().max(1) as f64;
        say(format_args!("  {name:28} {found:5}  {recall:6.3}  {others:15}"));
    }
    say(format_args!("  {false_accepts} accepted in {lookups} look-ups that are none, nor alike when whole"));
    Ok(())
}

fn shingles(text: &str) -> Shingles {
    Shingles::of(&text.lines().map(str::to_owned).collect::<Vec<_>>())
}
