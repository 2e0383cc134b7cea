//! Generated documents: the same on every run, and distributed as in news, with a few very frequent words and names and
//! very many rare ones.

use dateline::article::{Defaults, Instant, RawDocument};

/// Frequent English words, so that the language is found and the texts look like sentences.
const FREQUENT: &str = "the of and to in a that is for it was on with as be at by he from they have this had not are \
                        but which were an has been who their said will one more would there its about after two";
pub const CITIES: [&str; 40] = [
    "Lahore",
    "Karachi",
    "Delhi",
    "Mumbai",
    "Dhaka",
    "Colombo",
    "London",
    "Paris",
    "Berlin",
    "Madrid",
    "Lisbon",
    "Rome",
    "Vienna",
    "Warsaw",
    "Prague",
    "Athens",
    "Cairo",
    "Nairobi",
    "Lagos",
    "Accra",
    "Dakar",
    "Tunis",
    "Tokyo",
    "Seoul",
    "Beijing",
    "Manila",
    "Jakarta",
    "Sydney",
    "Toronto",
    "Chicago",
    "Boston",
    "Denver",
    "Lima",
    "Bogota",
    "Santiago",
    "Caracas",
    "Havana",
    "Oslo",
    "Stockholm",
    "Dublin",
];
/// Articles are published over three years from here.
const FIRST: i64 = 1_672_531_200;
const SECONDS: usize = 3 * 365 * 24 * 60 * 60;
const VOCABULARY: usize = 200_000;
const SITES: usize = 300;

/// SplitMix64: the same numbers from the same seed on every machine.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        // Neighbouring seeds begin far apart: else their sequences would be the same, shifted by one.
        Self(mixed(seed))
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.0)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    /// Returns a Zipf-distributed index below `of`: the first is the most frequent, the tenth a tenth as frequent, and
    /// so on.
    pub fn zipf(&mut self, of: usize) -> usize {
        let part = self.next() as f64 / u64::MAX as f64;
        (((of as f64).ln() * part).exp() as usize).saturating_sub(1).min(of - 1)
    }
}

fn mixed(number: u64) -> u64 {
    let mixed = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Returns an invented word for a number; frequent words are short.
pub fn word(number: usize) -> String {
    const SYLLABLES: [&str; 16] =
        ["ka", "ro", "mi", "ten", "sal", "vu", "dor", "li", "pe", "gan", "bo", "su", "ner", "fi", "hal", "tro"];
    let mut word = String::new();
    let mut rest = number + 16;
    while rest > 0 {
        word.push_str(SYLLABLES[rest % 16]);
        rest /= 16;
    }
    word
}

/// Returns a document of about 300 words of text.
pub fn document(number: usize) -> RawDocument {
    let mut random = Random::new(number as u64);
    let frequent: Vec<&str> = FREQUENT.split_whitespace().collect();
    let sentence = |random: &mut Random, words: usize| {
        let mut sentence = String::new();
        for _ in 0..words {
            if !sentence.is_empty() {
                sentence.push(' ');
            }
            match random.below(2) {
                0 => sentence.push_str(frequent[random.below(frequent.len())]),
                _ => sentence.push_str(&word(random.zipf(VOCABULARY))),
            }
        }
        capitalised(&sentence)
    };
    let name = |random: &mut Random| {
        format!("{} {}", capitalised(&word(random.zipf(3_000))), capitalised(&word(random.zipf(9_000))))
    };
    let city = CITIES[random.zipf(CITIES.len())];
    let mut text = format!("{}\n\nBy {}\n\n", sentence(&mut random, 9), name(&mut random));
    text.push_str(&format!("{}: ", city.to_uppercase()));
    for paragraph in 0..6 {
        if paragraph > 0 {
            text.push_str("\n\n");
        }
        let speaker = name(&mut random);
        let (first, second) = (sentence(&mut random, 24), sentence(&mut random, 20));
        text.push_str(&format!("{first}. \"{second},\" Mr {speaker} said."));
    }
    let site = random.zipf(SITES);
    let published = FIRST + random.below(SECONDS) as i64;
    let published = Instant::from_timestamp(jiff::Timestamp::from_second(published).unwrap_or_default());
    let defaults = Defaults { publisher: Some(format!("Site {site}")), ..Defaults::default() };
    RawDocument {
        media_type: Some("text/plain".to_owned()),
        key: Some(format!("generated/{number}.txt")),
        source: Some(format!("site-{site}")),
        defaults: Some(defaults),
        ..RawDocument::new(text.into_bytes(), published.unwrap_or_else(Instant::now))
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
