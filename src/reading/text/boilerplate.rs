//! Recognises boilerplate: the lines around the body that every page has. Its words are data, in `boilerplate.tsv`; the
//! rules for its shape are here.

use rustc_hash::FxHashMap;
use std::sync::LazyLock;

/// The kind of a boilerplate line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Boilerplate {
    pub reason: &'static str,
    /// Whether the rest of its block is boilerplate too.
    pub opens_block: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Match {
    Is,
    Starts,
    /// As `Starts`, for a line of any length: notices and credits run long.
    Begins,
    Opens,
}

struct Row {
    how: Match,
    words: &'static str,
    reason: &'static str,
}

/// Rows by the first two letters of their words, in the table's order: most lines are compared with no row.
static ROWS: LazyLock<FxHashMap<[char; 2], Vec<Row>>> = LazyLock::new(|| {
    let mut by_letters: FxHashMap<[char; 2], Vec<Row>> = FxHashMap::default();
    let rows = include_str!("boilerplate.tsv").lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let rows = rows.filter_map(|row| {
        let mut columns = row.split('\t');
        let how = match columns.next()? {
            "is" => Match::Is,
            "starts" => Match::Starts,
            "begins" => Match::Begins,
            _ => Match::Opens,
        };
        Some(Row { how, words: columns.next()?, reason: columns.next()? })
    });
    for row in rows {
        if let Some(letters) = first_two(row.words) {
            by_letters.entry(letters).or_default().push(row);
        }
    }
    by_letters
});

fn first_two(line: &str) -> Option<[char; 2]> {
    let mut letters = line.trim_start().chars().flat_map(char::to_lowercase);
    Some([letters.next()?, letters.next()?])
}

/// Maximum characters of a line that starts like boilerplate; a longer one is prose, unless it is a notice or credits.
const LONG_CHARS: usize = 140;

pub fn find(line: &str) -> Option<Boilerplate> {
    by_words(line).or_else(|| by_shape(line).map(|reason| Boilerplate { reason, opens_block: false }))
}

/// Returns the reason why a line is boilerplate by its words alone. Where a page's structure is known, the shape of a
/// line means little: a table row looks like a menu.
pub fn by_words_alone(line: &str) -> Option<&'static str> {
    let counter = || (is_counter(line) || !line.chars().any(char::is_alphanumeric)).then_some("counters");
    by_words(line).map(|boilerplate| boilerplate.reason).or_else(counter)
}

fn by_words(line: &str) -> Option<Boilerplate> {
    let rows = ROWS.get(&first_two(line)?)?;
    // No row has more letters than a long line.
    let low: String = line.trim().chars().take(LONG_CHARS).flat_map(char::to_lowercase).collect();
    let bare = low.trim_end_matches([':', '!', '»', '>', '…', '.']).trim_end();
    let short = line.chars().count() <= LONG_CHARS;
    rows.iter().find_map(|row| {
        let matches = match row.how {
            Match::Is => bare == row.words || low == row.words,
            Match::Starts => low.starts_with(row.words) && short,
            Match::Begins => low.starts_with(row.words),
            Match::Opens => bare == row.words || low.starts_with(row.words) && !ends_as_sentence(line) && short,
        };
        matches.then_some(Boilerplate { reason: row.reason, opens_block: row.how == Match::Opens })
    })
}

fn by_shape(line: &str) -> Option<&'static str> {
    let line = line.trim();
    let words = line.split_whitespace().count();
    if !line.chars().any(char::is_alphanumeric) {
        return Some("separator");
    }
    if is_breadcrumb(line) {
        return Some("breadcrumbs");
    }
    if line.contains("   ") && !ends_as_sentence(line) || line.matches(" | ").count() >= 2 && !ends_as_sentence(line) {
        return Some("menu");
    }
    if is_counter(line) {
        return Some("counters");
    }
    if is_slug(line) {
        return Some("wire line");
    }
    if words <= 4 && (line.starts_with("http://") || line.starts_with("https://") || line.starts_with("www.")) {
        return Some("link");
    }
    if line.starts_with("($1 =") || line.starts_with("(1 ") && line.contains(" = ") {
        return Some("exchange rate");
    }
    None
}

/// Whether a line is a breadcrumb: `Home > Europe > Romania`, `Coast Region / Transport`.
fn is_breadcrumb(line: &str) -> bool {
    let arrows = [" > ", " » ", " › "].iter().any(|arrow| line.contains(arrow));
    let longest = if arrows { 120 } else { 60 };
    (arrows || line.contains(" / ")) && line.chars().count() < longest && !ends_as_sentence(line)
}

/// Whether a line is a counter: `148 shares   23 comments`, `2 min read`, `14`.
fn is_counter(line: &str) -> bool {
    const COUNTED: &[&str] = &[
        "share",
        "shares",
        "comment",
        "comments",
        "views",
        "likes",
        "min",
        "mins",
        "minute",
        "minutes",
        "read",
        "reads",
        "k",
        "reading",
        "time",
        "followers",
    ];
    if !line.bytes().any(|byte| byte.is_ascii_digit()) || line.chars().count() >= 40 {
        return false;
    }
    let low = line.to_lowercase();
    let mut words = low.split(|character: char| !character.is_alphabetic()).filter(|part| !part.is_empty());
    words.all(|word| COUNTED.contains(&word))
}

/// Whether a line is a slug that agencies put around copy: `BC-EU--Ukraine-Night Trams, 1st Ld-Writethru`,
/// `FRA/mer/environnement`, `sar/jbl/mpr`, `HORN BRIEF / ENV / 0417`.
fn is_slug(line: &str) -> bool {
    let slashed = line.matches('/').count() >= 2 && !line.contains("://") && line.split_whitespace().count() <= 6;
    let dashed = line.contains("--") && line.split_whitespace().next().is_some_and(|word| word.contains("--"));
    (slashed || dashed) && line.chars().count() < 80 && !ends_as_sentence(line)
}

/// Whether a line ends like a sentence, in any script.
pub fn ends_as_sentence(line: &str) -> bool {
    without_closing(line).ends_with(['.', '!', '?', '…', '。', '！', '？', '۔', '؟', '।', ':', '：', '؛'])
}

/// Whether a line ends like a question or an exclamation, as headlines may and statements do not.
pub fn asks(line: &str) -> bool {
    without_closing(line).ends_with(['!', '?', '！', '？', '؟'])
}

/// Strips the closing quotation marks and brackets after the last sentence of a line.
fn without_closing(line: &str) -> &str {
    line.trim_end().trim_end_matches(['"', '”', '’', '\'', '»', ')', ']', '」', '』', '“', '）', '*', '_'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_shorter_than_the_compared_start_of_a_line() {
        assert!(ROWS.values().flatten().all(|row| row.words.chars().count() < LONG_CHARS));
        let rows =
            include_str!("boilerplate.tsv").lines().filter(|line| !line.starts_with('#') && !line.is_empty()).count();
        assert_eq!(ROWS.values().flatten().count(), rows, "every row has at least two letters");
    }

    #[test]
    fn boilerplate_is_recognised_by_words_and_shape() {
        for (line, reason) in [
            ("Share This", Some("share button")),
            ("Share on Facebook   Share on X   Copy link", Some("share button")),
            ("- Advertisement -", Some("advertisement")),
            ("Need Help? Chat with us", Some("chat button")),
            ("Home > Europe > Romania", Some("breadcrumbs")),
            ("148 shares   23 comments", Some("menu")),
            ("2 min read", Some("counters")),
            ("FRA/mer/environnement", Some("wire line")),
            ("BC-EU--Ukraine-Night Trams, 1st Ld-Writethru", Some("wire line")),
            ("___", Some("separator")),
            ("Related stories", Some("related stories")),
            ("Comments on the plan were invited in March.", None),
            ("Print runs have fallen by half since 2019.", None),
            ("The barge left its course on the evening of 3 March.", None),
        ] {
            assert_eq!(find(line).map(|boilerplate| boilerplate.reason), reason, "{line}");
        }
    }
}
