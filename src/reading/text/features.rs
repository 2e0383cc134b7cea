//! Numeric features of a line of flattened text: of the line itself, of its neighbours, of its position on the page.
//! The model that separates the body from the rest was trained on exactly these, so a change here needs a new model.
//!
//! No feature depends on the words of a language, except through the boilerplate table: length, sentence ends, commas,
//! capitals and digits mean the same in the seeds' scripts as in English.

use super::{body, boilerplate::ends_as_sentence, lines::Line, metadata_lines::is_date_line, prose};
use crate::{enrich::byline, reading::trees::FeatureRow};
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};
use std::{collections::HashMap, hash::Hasher};

/// Maximum characters of a label before a caption.
const LABEL_CHARS: usize = 30;
/// How many lines before and after a line contribute features one by one, and how many contribute in sum.
const NEAR: usize = 3;
const WINDOWS: [usize; 2] = [5, 12];
/// Lines before and after a line in which dates and bylines are counted.
const CREDITED: usize = 4;
/// A line of less weight is too short for a paragraph.
const SHORT: f32 = 50.0;

pub const COUNT: usize = 26 + NEAR * 2 * 5 + WINDOWS.len() * 2 + 7 + 8 + 6;
pub type Features = [f32; COUNT];
type Row = FeatureRow<COUNT>;

/// Features of a line that are computed once and also used for its neighbours.
#[derive(Clone, Default)]
struct LineShape {
    weight: f32,
    sentence: f32,
    prose: f32,
    boilerplate: f32,
    /// Whether it is a date or a byline, which usually stand above another article if a body is before them.
    credit: f32,
    /// The share of its long words that other lines of the heaviest run of prose have too.
    shared: f32,
}

pub fn features(lines: &[Line<'_>], is_boilerplate: &[bool]) -> Vec<Features> {
    let mut times: HashMap<&str, usize> = HashMap::with_capacity(lines.len());
    for line in lines {
        *times.entry(line.text).or_default() += 1;
    }
    let mut shapes: Vec<LineShape> =
        lines.iter().zip(is_boilerplate).map(|(line, boilerplate)| shape(line, *boilerplate)).collect();
    let stretch = body::stretch(lines, is_boilerplate).unwrap_or((0, lines.len().saturating_sub(1)));
    let topic = Topic::new(lines, stretch);
    for (at, shape) in shapes.iter_mut().enumerate() {
        shape.shared = topic.shared(at);
    }
    let totals = DocumentTotals::new(&shapes, stretch);
    (0..lines.len())
        .map(|at| {
            let mut row = Row::new();
            line_features(&mut row, &lines[at], &shapes[at], times[lines[at].text] > 1);
            position_features(&mut row, at, lines.len());
            for distance in 1..=NEAR {
                for other in [at.checked_sub(distance), Some(at + distance)] {
                    let shape = other.and_then(|other| shapes.get(other)).cloned().unwrap_or_default();
                    row.push(shape.weight.ln_1p());
                    row.push(shape.sentence);
                    row.push(shape.prose);
                    row.push(shape.boilerplate);
                    row.push(shape.shared);
                }
            }
            totals.window_features(&mut row, at);
            row.push(shapes[at].shared);
            row.push(topic.lead(at));
            totals.end_features(&mut row, at);
            row.finish()
        })
        .collect()
}

fn shape(line: &Line<'_>, boilerplate: bool) -> LineShape {
    let flag = |set: bool| f32::from(u8::from(set));
    LineShape {
        weight: prose::weight(line.text) as f32,
        sentence: flag(ends_as_sentence(line.text)),
        prose: flag(!boilerplate && line.prose),
        boilerplate: flag(boilerplate),
        credit: flag(is_date_line(line.text) || byline::line(line.text).is_some()),
        shared: 0.0,
    }
}

fn line_features(row: &mut Row, line: &Line<'_>, shape: &LineShape, repeated: bool) {
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
    let (mut words, mut capitalised, mut small) = (0.0, 0.0, 0.0);
    for word in text.split_whitespace() {
        words += 1.0;
        let first = word.chars().next();
        capitalised += f32::from(u8::from(first.is_some_and(char::is_uppercase)));
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
    row.push(share(capitalised, words));
    row.push(share(small, words));
    row.push(share(letters, all));
    row.flag(text.chars().next().is_some_and(char::is_lowercase));
    row.push(shape.boilerplate);
    row.flag(repeated);
    row.flag(text.starts_with(['•', '–', '*', '·', '-', '✓', '✔', '▪']));
    row.flag(text.starts_with(|letter: char| letter.is_ascii_digit()));
    row.flag(is_date_line(text));
    row.flag(byline::line(text).is_some());
    row.flag(text.contains(['©', '|', '@']) || text.contains("http"));
    row.flag(text.starts_with(['"', '“', '«', '„', '「', '‘']));
    row.flag(text.ends_with('?'));
    row.flag(text.ends_with([':', '：']));
    row.flag(line.opens_block);
    row.flag(text.ends_with(')'));
    row.flag(is_labelled(text));
    row.flag(is_doubled(text));
}

/// Whether a line begins with a label in capitals, as captions do: `IN PORT: The last boats of the day.`
fn is_labelled(text: &str) -> bool {
    let label = text.split_once(':').map_or("", |(label, _)| label);
    label.chars().any(char::is_alphabetic)
        && label.chars().count() <= LABEL_CHARS
        && !label.chars().any(char::is_lowercase)
}

/// Whether a line has the same words twice, as a name next to its link does.
fn is_doubled(text: &str) -> bool {
    let (first, second) = text.split_at_checked(text.len() / 2).unwrap_or_default();
    !first.is_empty() && second.strip_prefix(' ') == Some(first)
}

fn position_features(row: &mut Row, at: usize, count: usize) {
    row.push(at as f32 / count as f32);
    row.push(((count - at) as f32).ln_1p());
}

/// Prefix sums over the page, so that the features of a window take constant time.
struct DocumentTotals {
    /// Sums before each line, and in total: the weight of prose, the weight, the number of short lines.
    prose: Vec<f32>,
    weight: Vec<f32>,
    short: Vec<f32>,
    /// Distance from the last prose line, and to the next.
    since: Vec<f32>,
    until: Vec<f32>,
    /// Number of lines of boilerplate before each line, and in total.
    boilerplate: Vec<f32>,
    /// Number of dates and bylines before each line, and in total.
    credits: Vec<f32>,
    /// The number of lines without a sentence in a row that ends before each line, and that begins after it; the same
    /// of lines of prose.
    runs: [Vec<f32>; 4],
    /// First and last line of the heaviest run of prose.
    stretch: (usize, usize),
}

impl DocumentTotals {
    fn new(shapes: &[LineShape], stretch: (usize, usize)) -> Self {
        let sums = |value: fn(&LineShape) -> f32| {
            let mut sum = 0.0;
            let sums = shapes.iter().map(|shape| {
                sum += value(shape);
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
            prose: sums(|shape| shape.prose * shape.weight),
            weight: sums(|shape| shape.weight),
            short: sums(|shape| f32::from(u8::from(shape.weight < SHORT))),
            boilerplate: sums(|shape| shape.boilerplate),
            credits: sums(|shape| shape.credit),
            runs: [
                runs(shapes.iter(), |shape| shape.sentence == 0.0),
                reversed(runs(shapes.iter().rev(), |shape| shape.sentence == 0.0)),
                runs(shapes.iter(), |shape| shape.prose > 0.0),
                reversed(runs(shapes.iter().rev(), |shape| shape.prose > 0.0)),
            ],
            since: distances(&mut (0..shapes.len())),
            until: distances(&mut (0..shapes.len()).rev()),
            stretch,
        }
    }

    fn window_features(&self, row: &mut Row, at: usize) {
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

    /// Features that tell the end of the body: boilerplate since its begin, the rhythm of paragraphs and titles around.
    fn end_features(&self, row: &mut Row, at: usize) {
        let first = self.stretch.0.min(at);
        row.push((self.boilerplate[at] - self.boilerplate[first]).ln_1p());
        self.runs.iter().for_each(|runs| row.push(runs[at].ln_1p()));
        let last = self.stretch.1;
        row.push(if at > last { (self.boilerplate[at] - self.boilerplate[last]).ln_1p() } else { -1.0 });
        let near = |from: usize, to: usize| self.credits[to.min(self.since.len())] - self.credits[from];
        row.push(near(first, at).ln_1p());
        row.push(near(at.saturating_sub(CREDITED), at));
        row.push(near(at + 1, (at + 1 + CREDITED).min(self.since.len())));
    }
}

/// Returns for each line how many lines in a row hold before it.
fn runs<'a>(shapes: impl Iterator<Item = &'a LineShape>, holds: impl Fn(&LineShape) -> bool) -> Vec<f32> {
    let mut run = 0.0;
    let before = shapes.map(|shape| {
        let before = run;
        run = if holds(shape) { run + 1.0 } else { 0.0 };
        before
    });
    before.collect()
}

fn reversed(mut values: Vec<f32>) -> Vec<f32> {
    values.reverse();
    values
}

/// The long words of the heaviest run of prose. What follows a body is mostly about something else.
struct Topic {
    /// The hashes of each line's long words.
    words: Vec<Vec<u64>>,
    /// How many lines of the run have a word.
    counts: FxHashMap<u64, u32>,
    /// The words of the first lines of the run.
    lead: FxHashSet<u64>,
    stretch: (usize, usize),
}

/// Minimum letters of a long word. Scripts without blanks between words contribute pairs of letters.
const WORD_LETTERS: usize = 4;
/// Lines of the run that lead it.
const LEAD: usize = 3;

impl Topic {
    fn new(lines: &[Line<'_>], stretch: (usize, usize)) -> Self {
        let words: Vec<Vec<u64>> = lines.iter().map(|line| long_words(line.text)).collect();
        let (first, last) = stretch;
        let mut counts = FxHashMap::default();
        for word in words.get(first..=last).unwrap_or_default().iter().flatten() {
            *counts.entry(*word).or_default() += 1;
        }
        let lead = words.iter().skip(first).take(LEAD).flatten().copied().collect();
        Self { words, counts, lead, stretch }
    }

    fn shared(&self, at: usize) -> f32 {
        let own = u32::from((self.stretch.0..=self.stretch.1).contains(&at));
        let is_shared = |word: &&u64| self.counts.get(word).is_some_and(|count| *count > own);
        self.share(at, is_shared)
    }

    fn lead(&self, at: usize) -> f32 {
        self.share(at, |word| self.lead.contains(word))
    }

    fn share(&self, at: usize, is_shared: impl Fn(&&u64) -> bool) -> f32 {
        let words = &self.words[at];
        if words.is_empty() { -1.0 } else { words.iter().filter(is_shared).count() as f32 / words.len() as f32 }
    }
}

/// Returns the hashes of a line's distinct long words.
pub fn long_words(text: &str) -> Vec<u64> {
    let is_ideograph = |letter: char| matches!(letter, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}');
    let hash = |letters: &mut dyn Iterator<Item = char>| {
        let mut hasher = FxHasher::default();
        letters.flat_map(char::to_lowercase).for_each(|letter| hasher.write_u32(u32::from(letter)));
        hasher.finish()
    };
    let mut words = Vec::new();
    for word in text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()) {
        if word.contains(is_ideograph) {
            let pairs = word.chars().zip(word.chars().skip(1));
            words.extend(pairs.map(|(first, second)| hash(&mut [first, second].into_iter())));
        } else if word.chars().count() >= WORD_LETTERS {
            words.push(hash(&mut word.chars()));
        }
    }
    words.sort_unstable();
    words.dedup();
    words
}
