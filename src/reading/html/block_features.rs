//! Numeric features of a block of a page: of the block itself, of its neighbours, of the block elements around it, of
//! its position. The model that separates the body from the rest was trained on exactly these, so a change here needs a
//! new model.
//!
//! No feature depends on the words of a language, except through the table of boilerplate. The names that a site gives to
//! its elements count by their group ([`name_groups`]) and by the region that they open.

use super::{
    containers::{CONTEXT, Container},
    labels::Outside,
    name_groups,
    scan::{HtmlBlock, Scan},
};
use crate::reading::{
    text::{ends_as_sentence, weight},
    trees::FeatureRow,
};
use std::collections::HashMap;

/// How many blocks before and after a block contribute features one by one.
const NEAR: usize = 3;
/// Minimum weight of a paragraph of prose, and maximum share of its bytes in links.
const PROSE_WEIGHT: f32 = 80.0;
const PROSE_LINKED: f32 = 0.5;
/// Minimum weight of an extracted block that counts as the first or last one of the body.
const LONG_WEIGHT: f32 = 60.0;
/// A distance to what the page does not have.
const NONE: f32 = 999.0;

/// Features of a block that its neighbours have too.
const SHAPE: usize = 11;
pub const COUNT: usize = SHAPE + 24 + CONTEXT.len() + 3 * name_groups::COUNT + 2 * NEAR * (SHAPE + 1);
pub type Features = [f32; COUNT];
type Row = FeatureRow<COUNT>;

/// Elements by number. Another element has the number after the last.
const ELEMENTS: [&str; 22] = [
    "p",
    "li",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "div",
    "td",
    "tr",
    "blockquote",
    "figcaption",
    "dd",
    "dt",
    "section",
    "article",
    "main",
    "body",
    "th",
    "pre",
    "label",
];

type Shape = [f32; SHAPE];

/// What the features of a page's blocks are computed from.
pub struct Page<'a> {
    pub scan: &'a Scan,
    pub outside: &'a [Outside],
    /// Whether each block is in the body that the library extracted; `None` without an extraction.
    pub extracted: Option<&'a [bool]>,
}

/// Visits every block with text: its index in the scan, and its features. They are not collected, because a page may have
/// a million blocks.
pub fn visit(page: &Page<'_>, mut visit: impl FnMut(usize, &Features)) {
    let indexes: Vec<usize> = (0..page.scan.blocks.len()).filter(|at| !page.scan.blocks[*at].text.is_empty()).collect();
    let shapes: Vec<Shape> = indexes.iter().map(|at| shape(page, *at)).collect();
    let blocks: Vec<&HtmlBlock> = indexes.iter().map(|at| &page.scan.blocks[*at]).collect();
    let totals = PageTotals::new(&page.scan.containers, &blocks, &shapes);
    for at in 0..blocks.len() {
        let mut row = Row::new();
        row.extend(&shapes[at]);
        own_features(&mut row, page, &totals, &blocks, at);
        for distance in 1..=NEAR {
            for other in [at.checked_sub(distance), Some(at + distance).filter(|other| *other < blocks.len())] {
                row.extend(&other.map_or([-1.0; SHAPE], |other| shapes[other]));
                row.flag(other.is_some_and(|other| totals.parent(blocks[other]) == totals.parent(blocks[at])));
            }
        }
        visit(indexes[at], &row.finish());
    }
}

const WEIGHT: usize = 0;
const LINKED: usize = 2;
const PROSE: usize = 3;
const EXTRACTED: usize = 10;

fn shape(page: &Page<'_>, at: usize) -> Shape {
    let block = &page.scan.blocks[at];
    let text = block.text.as_str();
    let flag = |set: bool| f32::from(u8::from(set));
    let share = |part: f32, of: f32| if of > 0.0 { part / of } else { 0.0 };
    let (mut letters, mut capitals, mut digits, mut commas, mut all) = (0.0, 0.0, 0.0, 0.0, 0.0_f32);
    for letter in text.chars() {
        all += 1.0;
        letters += flag(letter.is_alphabetic());
        capitals += flag(letter.is_uppercase());
        digits += flag(letter.is_ascii_digit());
        commas += flag(matches!(letter, ',' | '،' | '，' | '、'));
    }
    let (mut words, mut capitalised) = (0.0, 0.0);
    for word in text.split_whitespace() {
        words += 1.0;
        capitalised += flag(word.starts_with(char::is_uppercase));
    }
    let weight = weight(text) as f32;
    let sentence = ends_as_sentence(text);
    let linked = share(block.linked as f32, text.len() as f32).min(1.0);
    let prose = sentence && weight >= PROSE_WEIGHT && linked < PROSE_LINKED;
    [
        weight.ln_1p(),
        flag(sentence),
        linked,
        flag(prose),
        share(capitals, letters),
        share(digits, all),
        share(capitalised, words),
        share(commas, words),
        flag(block.region.is_some()),
        flag(page.outside[at].is_some()),
        flag(page.extracted.is_some_and(|extracted| extracted[at])),
    ]
}

fn own_features(row: &mut Row, page: &Page<'_>, totals: &PageTotals<'_>, blocks: &[&HtmlBlock], at: usize) {
    let block = blocks[at];
    let share = |part: f32, of: f32| if of > 0.0 { part / of } else { 0.0 };
    let distance = |from: Option<usize>, to: usize| from.map_or(NONE, |from| to as f32 - from as f32);
    row.flag(page.extracted.is_some());
    row.push(ELEMENTS.iter().position(|element| *element == block.element).unwrap_or(ELEMENTS.len()) as f32);
    row.flag(totals.times[block.text.as_str()] > 1);
    row.push(at as f32 / blocks.len() as f32);
    row.push(((blocks.len() - at) as f32).ln_1p());
    let parent = totals.parent(block);
    let grandparent = totals.containers[parent].parent;
    row.push(share(totals.within[parent], totals.most));
    row.push(share(totals.within[parent], totals.prose));
    for container in [parent, grandparent] {
        let sums = &totals.sums[container];
        row.push(share(sums.prose, totals.prose));
        row.push(share(sums.linked, sums.weight));
        row.push(sums.blocks.ln_1p());
    }
    row.flag(parent == totals.main);
    row.push(share(totals.shared[block.container] as f32, totals.containers[totals.main].depth as f32));
    row.push(totals.containers[block.container].depth as f32 - totals.containers[totals.main].depth as f32);
    row.push(share(totals.before[at], totals.prose));
    row.push(share(totals.prose - totals.before[at + 1], totals.prose));
    row.push(distance(totals.heading, at));
    row.push(distance(totals.first, at));
    row.push(totals.last.map_or(NONE, |last| last as f32 - at as f32));
    row.push(totals.containers[block.container].depth as f32);
    row.push(totals.since[at].ln_1p());
    row.push(totals.until[at].ln_1p());
    let context = totals.containers[block.container].context;
    (0..CONTEXT.len()).for_each(|bit| row.flag(context & (1 << bit) != 0));
    let (own, around) = (&totals.containers[block.container], &totals.containers[parent]);
    for groups in [own.named, around.named, around.within] {
        (0..name_groups::COUNT).for_each(|bit| row.flag(groups & (1 << bit) != 0));
    }
}

#[derive(Clone, Copy, Default)]
struct Sums {
    prose: f32,
    weight: f32,
    linked: f32,
    blocks: f32,
}

/// Sums over the page and its block elements.
struct PageTotals<'a> {
    containers: &'a [Container],
    /// How often each text occurs.
    times: HashMap<&'a str, usize>,
    /// Of each container, with all that is in it.
    sums: Vec<Sums>,
    /// The weight of the prose whose parent each container is; the most of one container, which is the main one.
    within: Vec<f32>,
    most: f32,
    main: usize,
    /// For each container, the depth of the deepest one that it shares with the main one.
    shared: Vec<usize>,
    /// The weight of the prose of the page, and before each block.
    prose: f32,
    before: Vec<f32>,
    /// Distance from the last block of prose, and to the next.
    since: Vec<f32>,
    until: Vec<f32>,
    /// The first heading of the first level.
    heading: Option<usize>,
    /// The first and last long block of the extracted body.
    first: Option<usize>,
    last: Option<usize>,
}

impl<'a> PageTotals<'a> {
    fn new(containers: &'a [Container], blocks: &[&'a HtmlBlock], shapes: &[Shape]) -> Self {
        let mut times = HashMap::with_capacity(blocks.len());
        let mut sums = vec![Sums::default(); containers.len()];
        let mut within = vec![0.0; containers.len()];
        let mut before = vec![0.0];
        let mut prose = 0.0;
        for (block, shape) in blocks.iter().zip(shapes) {
            *times.entry(block.text.as_str()).or_default() += 1;
            let weight = shape[WEIGHT].exp_m1();
            let of_prose = weight * shape[PROSE];
            let own = &mut sums[block.container];
            own.prose += of_prose;
            own.weight += weight;
            own.linked += weight * shape[LINKED];
            own.blocks += 1.0;
            within[containers[block.container].parent] += of_prose;
            prose += of_prose;
            before.push(prose);
        }
        for at in (1..containers.len()).rev() {
            let own = sums[at];
            let outer = &mut sums[containers[at].parent];
            outer.prose += own.prose;
            outer.weight += own.weight;
            outer.linked += own.linked;
            outer.blocks += own.blocks;
        }
        let main = (0..containers.len()).fold(0, |main, at| if within[at] > within[main] { at } else { main });
        let long = |at: &usize| shapes[*at][EXTRACTED] > 0.0 && shapes[*at][WEIGHT] >= LONG_WEIGHT.ln_1p();
        let distances = |order: &mut dyn Iterator<Item = usize>| {
            let mut distances = vec![0.0; blocks.len()];
            let mut distance = NONE;
            for at in order {
                distance = if shapes[at][PROSE] > 0.0 { 0.0 } else { distance + 1.0 };
                distances[at] = distance;
            }
            distances
        };
        Self {
            containers,
            times,
            sums,
            most: within[main],
            within,
            main,
            shared: shared(containers, main),
            prose,
            before,
            since: distances(&mut (0..blocks.len())),
            until: distances(&mut (0..blocks.len()).rev()),
            heading: blocks.iter().position(|block| block.element == "h1"),
            first: (0..blocks.len()).find(long),
            last: (0..blocks.len()).rfind(long),
        }
    }

    /// The container around the block's own element.
    fn parent(&self, block: &HtmlBlock) -> usize {
        self.containers[block.container].parent
    }
}

fn shared(containers: &[Container], main: usize) -> Vec<usize> {
    let mut around_main = vec![false; containers.len()];
    let mut at = main;
    while !around_main[at] {
        around_main[at] = true;
        at = containers[at].parent;
    }
    let mut shared = vec![0; containers.len()];
    for at in 0..containers.len() {
        shared[at] = if around_main[at] { containers[at].depth } else { shared[containers[at].parent] };
    }
    shared
}
