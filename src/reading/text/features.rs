//! What a line of flattened text looks like, in numbers: by itself, by its neighbours, by its place on the page. The model
//! that tells the story from the rest was trained on exactly these, so a change here needs a new model.
//!
//! None of them knows a word of any language, but through the table of furniture: length, ends of sentences, commas,
//! capitals and digits are in the seeds' scripts what they are in English.

use super::{furniture::ends_as_sentence, lines::Line, marks::is_date_line, story};
use crate::enrich::byline;
use std::collections::HashMap;

/// How far around a line its neighbours are looked at one by one, and in sum.
const NEAR: usize = 3;
const WINDOWS: [usize; 2] = [5, 12];
/// A shorter line is no paragraph.
const SHORT: f32 = 50.0;

pub const COUNT: usize = 26 + NEAR * 2 * 4 + WINDOWS.len() * 2 + 7;
pub type Features = [f32; COUNT];

/// What is counted once for each line and then seen from its neighbours too.
#[derive(Clone, Default)]
struct Shape {
    weight: f32,
    sentence: f32,
    prose: f32,
    furniture: f32,
}

pub fn features(lines: &[Line<'_>], is_furniture: &[bool]) -> Vec<Features> {
    let mut times: HashMap<&str, usize> = HashMap::with_capacity(lines.len());
    for line in lines {
        *times.entry(line.text).or_default() += 1;
    }
    let shapes: Vec<Shape> = lines.iter().zip(is_furniture).map(|(line, furniture)| shape(line, *furniture)).collect();
    let page = Page::new(&shapes, lines, is_furniture);
    (0..lines.len())
        .map(|at| {
            let mut row = Row { values: [0.0; COUNT], next: 0 };
            own(&mut row, &lines[at], &shapes[at], times[lines[at].text] > 1);
            place(&mut row, at, lines.len());
            for distance in 1..=NEAR {
                for other in [at.checked_sub(distance), Some(at + distance)] {
                    let shape = other.and_then(|it| shapes.get(it)).cloned().unwrap_or_default();
                    row.push(shape.weight.ln_1p());
                    row.push(shape.sentence);
                    row.push(shape.prose);
                    row.push(shape.furniture);
                }
            }
            page.around(&mut row, at);
            assert_eq!(row.next, COUNT, "every line has as many features");
            row.values
        })
        .collect()
}

struct Row {
    values: Features,
    next: usize,
}

impl Row {
    fn push(&mut self, value: f32) {
        self.values[self.next] = value;
        self.next += 1;
    }

    fn flag(&mut self, value: bool) {
        self.push(f32::from(u8::from(value)));
    }
}

fn shape(line: &Line<'_>, furniture: bool) -> Shape {
    let flag = |it: bool| f32::from(u8::from(it));
    Shape {
        weight: story::weight(line.text) as f32,
        sentence: flag(ends_as_sentence(line.text)),
        prose: flag(!furniture && line.prose),
        furniture: flag(furniture),
    }
}

fn own(row: &mut Row, line: &Line<'_>, shape: &Shape, repeated: bool) {
    let text = line.text;
    let (mut letters, mut capitals, mut digits, mut commas, mut stops, mut all) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0_f32);
    for letter in text.chars() {
        all += 1.0;
        if letter.is_alphabetic() {
            letters += 1.0;
            capitals += f32::from(u8::from(letter.is_uppercase()));
        } else if letter.is_ascii_digit() {
            digits += 1.0;
        } else if matches!(letter, ',' | '،' | '，' | '、' | ';') {
            commas += 1.0;
        } else if matches!(letter, '.' | '۔' | '。' | '?' | '!' | '？' | '！') {
            stops += 1.0;
        }
    }
    let (mut words, mut titled, mut small) = (0.0, 0.0, 0.0);
    for word in text.split_whitespace() {
        words += 1.0;
        let first = word.chars().next();
        titled += f32::from(u8::from(first.is_some_and(char::is_uppercase)));
        small += f32::from(u8::from(first.is_some_and(char::is_lowercase) && word.len() <= 4));
    }
    let share = |part: f32, of: f32| if of > 0.0 { part / of } else { 0.0 };
    row.push(shape.weight.ln_1p());
    row.push(shape.weight.min(400.0) / 400.0);
    row.push(shape.sentence);
    row.push(shape.prose);
    row.push(f32::min(words, 60.0) / 60.0);
    row.push(share(commas, all) * 20.0);
    row.push(share(stops, all) * 20.0);
    row.push(share(digits, all));
    row.push(share(capitals, letters));
    row.push(share(titled, words));
    row.push(share(small, words));
    row.push(share(letters, all));
    row.flag(text.chars().next().is_some_and(char::is_lowercase));
    row.push(shape.furniture);
    row.flag(repeated);
    row.flag(text.starts_with(['•', '–', '*', '·', '-', '✓', '✔', '▪']));
    row.flag(text.starts_with(|it: char| it.is_ascii_digit()));
    row.flag(is_date_line(text));
    row.flag(byline::line(text).is_some());
    row.flag(text.contains(['©', '|', '@']) || text.contains("http"));
    row.flag(text.starts_with(['"', '“', '«', '„', '「', '‘']));
    row.flag(text.ends_with('?'));
    row.flag(text.ends_with([':', '：']));
    row.flag(line.opens_block);
}

fn place(row: &mut Row, at: usize, count: usize) {
    row.push(at as f32 / count as f32);
    row.push(((count - at) as f32).ln_1p());
}

/// Sums over the page, so that every line is seen in it at no cost.
struct Page {
    /// Before each line, and in all: the weight of prose, the weight, the number of short lines.
    prose: Vec<f32>,
    weight: Vec<f32>,
    short: Vec<f32>,
    /// Lines since the last prose, and to the next.
    since: Vec<f32>,
    until: Vec<f32>,
    /// The heaviest stretch of prose, first and last line.
    stretch: (usize, usize),
}

impl Page {
    fn new(shapes: &[Shape], lines: &[Line<'_>], is_furniture: &[bool]) -> Self {
        let sums = |value: fn(&Shape) -> f32| {
            let mut sum = 0.0;
            let sums = shapes.iter().map(|it| {
                sum += value(it);
                sum
            });
            std::iter::once(0.0).chain(sums).collect::<Vec<f32>>()
        };
        let distances = |order: &mut dyn Iterator<Item = usize>| {
            let mut distances = vec![0.0; shapes.len()];
            let mut distance = shapes.len() as f32;
            for at in order {
                distance = if shapes[at].prose > 0.0 { 0.0 } else { distance + 1.0 };
                distances[at] = distance;
            }
            distances
        };
        Self {
            prose: sums(|it| it.prose * it.weight),
            weight: sums(|it| it.weight),
            short: sums(|it| f32::from(u8::from(it.weight < SHORT))),
            since: distances(&mut (0..shapes.len())),
            until: distances(&mut (0..shapes.len()).rev()),
            stretch: story::stretch(lines, is_furniture).unwrap_or((0, lines.len().saturating_sub(1))),
        }
    }

    fn around(&self, row: &mut Row, at: usize) {
        let count = self.since.len();
        for window in WINDOWS {
            let (from, to) = (at.saturating_sub(window), (at + window + 1).min(count));
            let prose = self.prose[to] - self.prose[from];
            let weight = self.weight[to] - self.weight[from];
            row.push(if weight > 0.0 { prose / weight } else { 0.0 });
            row.push((self.short[to] - self.short[from]) / (to - from) as f32);
        }
        let all = self.prose[count].max(1.0);
        row.push(self.prose[at] / all);
        row.push((self.prose[count] - self.prose[at + 1]) / all);
        row.push(self.since[at].ln_1p());
        row.push(self.until[at].ln_1p());
        let (first, last) = self.stretch;
        row.push((first.saturating_sub(at) as f32).ln_1p());
        row.push((at.saturating_sub(last) as f32).ln_1p());
        row.push(f32::from(u8::from((first..=last).contains(&at))));
    }
}
