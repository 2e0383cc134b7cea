//! Datelines: the place that an article was filed from, printed before its first sentence.
//!
//! Forms that agencies and papers print:
//! - `KYIV, Ukraine (AP) — `, `GENEVA (Reuters) - `, `PARIS, 4 avril (AFP) - `: place, then its confirmation;
//! - `ISLAMABAD: `, `لاہور: `, `GALATI, Romania - `: place and separator;
//! - `München – Die Brücke …`: a known place, a dash and a sentence;
//! - `[Nairobi] `, `【札幌】`: place in brackets;
//! - `АПАТИТЫ, 8 февраля. `: place and day;
//! - `新华社成都3月16日电 `: agency, place, day and the word for a dispatch.
//!
//! Capitals alone prove nothing (`WATCH: `, `UPDATE: `): a place must be in the table, or be confirmed by an agency, a
//! country or a day next to it. A missed dateline leaves its words in the first paragraph; a false one assigns the
//! article to the wrong country.

use super::{agencies, dates, places, sentences};
use crate::article::Place;
use std::ops::Range;

/// Maximum bytes at the start of a paragraph that are searched for a dateline.
const LONGEST: usize = 120;
/// Minimum bytes of the sentence after a place that is not in capitals: shorter text is a caption or a list item.
const SENTENCE: usize = 60;
/// Maximum words of a place name.
const WORDS: usize = 5;

/// A dateline. All ranges and offsets are UTF-8 bytes of the paragraph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatelineMatch {
    /// The place as printed, without punctuation, agency and day.
    pub printed: Range<usize>,
    /// Where the body's first sentence begins.
    pub body_start: usize,
    pub agency: Option<(Range<usize>, &'static str)>,
    /// A day printed in the dateline.
    pub date: Option<Range<usize>>,
}

pub fn find(paragraph: &str) -> Option<DatelineMatch> {
    bracketed(paragraph).or_else(|| dispatch(paragraph)).or_else(|| separated(paragraph))
}

/// Resolves a printed dateline such as `KYIV, Ukraine` to a place. If the country is named, a city that is not in the
/// table is still a place in that country.
pub fn place(printed: &str) -> Option<Place> {
    let (city, region) = printed.split_once(',').map_or((printed, None), |(city, region)| (city, Some(region)));
    // `WASHINGTON/LONDON`: the article was put together in the first.
    let city = city.split('/').next().unwrap_or_default().trim();
    let country = region.and_then(|region| region.rsplit(',').next()).and_then(|name| places::country(name.trim()));
    let listed = places::city(city, country.as_ref());
    listed.or_else(|| {
        let id = crate::article::slug(city);
        let name = if city.chars().any(char::is_lowercase) { city.to_owned() } else { title_case(city) };
        (country.is_some() && !id.is_empty()).then_some(Place { id, name, country })
    })
}

/// Converts `STONE TOWN` to `Stone Town`.
fn title_case(name: &str) -> String {
    let mut starts = true;
    let mut text = String::with_capacity(name.len());
    for letter in name.chars() {
        if starts {
            text.push(letter);
        } else {
            text.extend(letter.to_lowercase());
        }
        starts = !letter.is_alphanumeric() && letter != '\'' && letter != '’';
    }
    text
}

fn bracketed(paragraph: &str) -> Option<DatelineMatch> {
    let (open, close) = [('[', ']'), ('【', '】')].into_iter().find(|(open, _)| paragraph.starts_with(*open))?;
    let end = paragraph.find(close).filter(|end| *end < LONGEST)?;
    let printed = open.len_utf8()..end;
    let name = &paragraph[printed.clone()];
    let is_place = places::city(name, None).is_some() || place(name).is_some();
    is_place.then(|| DatelineMatch {
        body_start: after_blanks(paragraph, end + close.len_utf8()),
        printed,
        agency: None,
        date: None,
    })
}

/// Finds the dateline of Chinese and Japanese dispatches: `…成都3月16日电 `.
fn dispatch(paragraph: &str) -> Option<DatelineMatch> {
    let end = paragraph.find(['电', '電', '讯']).filter(|end| *end < LONGEST)?;
    let before = &paragraph[..end];
    let day = before.find(|letter: char| letter.is_ascii_digit())?;
    if !before.ends_with('日') {
        return None;
    }
    let name = &paragraph[..day];
    // The place is the longest end of the name that is in the table; the agency or the paper precedes it.
    let starts = name.char_indices().map(|(at, _)| at);
    let start = starts.rev().skip(1).filter(|at| places::city(&name[*at..], None).is_some()).min()?;
    let agency = agencies::named(&name[..start]).map(|agency| (0..start, agency));
    let body_start = after_blanks(paragraph, end + "电".len());
    Some(DatelineMatch { printed: start..day, body_start, agency, date: Some(day..end) })
}

fn separated(paragraph: &str) -> Option<DatelineMatch> {
    let beginning = &paragraph[..paragraph.floor_char_boundary(LONGEST)];
    separators(beginning).find_map(|(at, length, kind)| {
        let body_start = after_dashes(paragraph, at + length);
        let found = parts(&beginning[..at], kind, &paragraph[body_start..])?;
        (body_start < paragraph.len()).then_some(DatelineMatch { body_start, ..found })
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Separator {
    Dash,
    Colon,
    Period,
}

/// Returns the separators at which a dateline could end, in order, with their byte offsets and lengths.
fn separators(text: &str) -> impl Iterator<Item = (usize, usize, Separator)> {
    text.char_indices().filter_map(|(at, letter)| {
        let rest = &text[at..];
        let after = rest[letter.len_utf8()..].chars().next();
        let blank_before = text[..at].ends_with(char::is_whitespace) || text[..at].ends_with(')');
        match letter {
            '—' | '–' if at > 0 => Some((at, letter.len_utf8(), Separator::Dash)),
            '-' if rest.starts_with("--") => Some((at, 2, Separator::Dash)),
            '-' if blank_before && after.is_some_and(char::is_whitespace) => Some((at, 1, Separator::Dash)),
            ':' if after.is_some_and(char::is_whitespace) => Some((at, 1, Separator::Colon)),
            '：' => Some((at, letter.len_utf8(), Separator::Colon)),
            '.' if after.is_some_and(char::is_whitespace) => Some((at, 1, Separator::Period)),
            _ => None,
        }
    })
}

/// Parses place, country, day and agency before a separator; `None` if there is anything else. `body`: the text after
/// the separator.
fn parts(text: &str, separator: Separator, body: &str) -> Option<DatelineMatch> {
    let mut end = text.trim_end().len();
    let mut agency = None;
    let mut credited = false;
    if text[..end].ends_with(')') {
        let open = text[..end].rfind('(')?;
        credited = is_name(&text[open + 1..end - 1]);
        agency = agencies::named(&text[open..end]).map(|agency| (open + 1..end - 1, agency));
        if !credited && agency.is_none() {
            return None;
        }
        end = text[..open].trim_end().len();
    }
    let mut segments: Vec<Range<usize>> = segments(&text[..end]);
    let mut date = None;
    if segments.len() > 1 && segments.last().is_some_and(|segment| dates::is_day(&text[segment.clone()])) {
        date = segments.pop();
    }
    let (city, regions) = segments.split_first()?;
    let name = &text[city.clone()];
    let regions_known =
        regions.iter().all(|region| places::country(&text[region.clone()]).is_some() || is_name(&text[region.clone()]));
    let country = regions.last().and_then(|region| places::country(&text[region.clone()]));
    if !is_name(name) || !regions_known || regions.len() > 2 {
        return None;
    }
    let capitals = is_capitals(name);
    let caseless = !name.chars().any(|character| character.is_lowercase() || character.is_uppercase());
    // A paper's credit to itself is weak evidence; a region after a comma confirms a place that is not in the table.
    let confirmed = agency.is_some() || country.is_some() || date.is_some() || !regions.is_empty();
    let known = places::city(name.split('/').next().unwrap_or_default(), country.as_ref()).is_some();
    let is_dateline = match separator {
        Separator::Dash if capitals => confirmed || known || credited,
        Separator::Dash => {
            let alone = regions.is_empty() && !credited && opens_sentence(body);
            known && (agency.is_some() || country.is_some() || caseless || alone)
        }
        // Scripts without capitals have only the table as evidence.
        Separator::Colon if capitals => known || country.is_some(),
        Separator::Colon => known && caseless,
        Separator::Period => capitals && date.is_some() && (known || agency.is_some()),
    };
    let printed = city.start..regions.last().map_or(city.end, |region| region.end);
    is_dateline.then_some(DatelineMatch { printed, body_start: 0, agency, date })
}

/// Whether a text is long, ends as a sentence and begins with a capital letter but not with another place:
/// `München – Die Brücke …` is a dateline, `Berlin – Hamburg` a route.
fn opens_sentence(body: &str) -> bool {
    let first = body.split_whitespace().next().unwrap_or_default();
    let capital = first.chars().next().is_some_and(char::is_uppercase);
    capital && sentences::ends_as_sentence(body) && body.len() >= SENTENCE && places::city(first, None).is_none()
}

/// Returns the trimmed parts between commas. `D.C.` and `Jan. 5` keep their periods.
fn segments(text: &str) -> Vec<Range<usize>> {
    let mut segments = Vec::new();
    let mut at = 0;
    for part in text.split(',') {
        let start = at + (part.len() - part.trim_start().len());
        segments.push(start..start + part.trim().len());
        at += part.len() + 1;
    }
    segments
}

fn is_name(text: &str) -> bool {
    let words = text.split_whitespace().count();
    let of_letters = |character: char| {
        character.is_alphabetic() || character.is_whitespace() || matches!(character, '.' | '\'' | '’' | '-' | '/')
    };
    (1..=WORDS).contains(&words)
        && text.chars().all(of_letters)
        && text.chars().filter(|character| character.is_alphabetic()).count() > 1
}

/// Whether a name is in capitals, except for particles: `RIO de JANEIRO`.
fn is_capitals(text: &str) -> bool {
    let mut words = text.split_whitespace();
    let capital = |word: &str| word.chars().any(char::is_uppercase) && !word.chars().any(char::is_lowercase);
    words.next().is_some_and(capital) && words.all(|word| capital(word) || word.len() <= 3)
}

/// Skips blanks and dashes: `OAXACA, México, 21 ago. — El Congreso …` has two separators.
fn after_dashes(text: &str, at: usize) -> usize {
    let rest = &text[at..];
    at + rest.len() - rest.trim_start_matches(|mark: char| mark.is_whitespace() || matches!(mark, '—' | '–')).len()
}

fn after_blanks(text: &str, at: usize) -> usize {
    text.len() - text[at..].trim_start().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn datelines_are_found_in_all_printed_forms() {
        for (paragraph, printed, body, agency) in [
            ("ISLAMABAD: The minister spoke.", "ISLAMABAD", "The minister", None),
            ("KYIV, Ukraine (AP) — The first tram left.", "KYIV, Ukraine", "The first", Some("AP")),
            ("GENEVA (Reuters) - Delegates agreed.", "GENEVA", "Delegates", Some("Reuters")),
            ("PARIS, 4 avril (AFP) - Les prairies ont", "PARIS", "Les prairies", Some("AFP")),
            ("GALATI, Romania - A barge was freed.", "GALATI, Romania", "A barge", None),
            ("TALTAL, Chile: Engineers finish.", "TALTAL, Chile", "Engineers", None),
            ("STONE TOWN, Tanzania — Almost all lived.", "STONE TOWN, Tanzania", "Almost", None),
            ("SACRAMENTO, Calif. (AP) -- Lawmakers voted.", "SACRAMENTO, Calif.", "Lawmakers", Some("AP")),
            ("WASHINGTON/LONDON, Jan. 5 (Reuters) - Talks", "WASHINGTON/LONDON", "Talks", Some("Reuters")),
            ("FUNAFUTI, Tuvalu (Lagoon Bulletin) — The ship", "FUNAFUTI, Tuvalu", "The ship", None),
            ("RANKIN INLET, Nunavut – The library", "RANKIN INLET, Nunavut", "The library", None),
            ("[Nairobi] Boreholes have been fitted.", "Nairobi", "Boreholes", None),
            ("【札幌】札幌市は", "札幌", "札幌市は", None),
            ("АПАТИТЫ, 8 февраля. В теплице созрела", "АПАТИТЫ", "В теплице", None),
            ("新华社成都3月16日电 成都地铁试行", "成都", "成都地铁", Some("Xinhua")),
            ("القاهرة – يتوقع مزارعو القمح", "القاهرة", "يتوقع", None),
            ("لاہور: پنجاب حکومت نے کہا", "لاہور", "پنجاب", None),
            ("OAXACA, México, 21 ago. — El Congreso aprobó", "OAXACA, México", "El Congreso", None),
            (
                "München – Die geplante Brücke für Radfahrer kostet deutlich mehr als gedacht.",
                "München",
                "Die geplante",
                None,
            ),
        ] {
            let Some(found) = find(paragraph) else {
                assert_eq!(printed, "", "{paragraph}");
                continue;
            };
            assert_eq!(&paragraph[found.printed.clone()], printed, "{paragraph}");
            assert!(paragraph[found.body_start..].starts_with(body), "{paragraph}: {found:?}");
            assert_eq!(found.agency.map(|agency| agency.1), agency, "{paragraph}");
        }
    }

    #[test]
    fn text_that_only_resembles_a_dateline_is_refused() {
        for paragraph in [
            "WATCH: The minister speaks.",
            "UPDATE: Paris match ends in a draw.",
            "The mayor of Paris said: nothing.",
            "Paris: a city for walkers",
            "BREAKING — The bridge is closed.",
            "He said - again - that it was late.",
            "Monday, 2 October 2023",
            "Berlin – Hamburg in two hours: the timetable promises it, and passengers will see.",
            "Nice – but not for everybody, as the people who live along the new promenade say.",
            "Paris – A walk",
            "",
            "—",
            "AP — ",
        ] {
            assert_eq!(find(paragraph), None, "{paragraph}");
        }
    }

    #[test]
    fn a_place_gets_the_named_country_or_that_of_the_table() {
        let found = |printed: &str| {
            place(printed).map(|place| (place.id, place.country.map(|country| country.as_str().to_owned())))
        };
        let some = |id: &str, country: &str| Some((id.to_owned(), Some(country.to_owned())));
        assert_eq!(found("ISLAMABAD"), some("islamabad", "PK"));
        assert_eq!(found("KYIV, Ukraine"), some("kyiv", "UA"));
        assert_eq!(found("PARIS, Texas"), some("paris", "US"));
        assert_eq!(found("STONE TOWN, Tanzania"), some("stone-town", "TZ"));
        assert_eq!(found("NOWHERE"), None);
    }
}
