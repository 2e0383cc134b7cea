//! The day in the path of a URL.

use super::{month as month_of, of_day};
use crate::article::Published;
use jiff::civil;

/// Returns the day in the path of a URL: `/2025/04/07/`, `/2025-4-7/`, `/2025/apr/07/`, `/2025/0407/`, `/20250407-`.
pub fn in_path(address: &str) -> Option<Published> {
    let parts: Vec<&str> = address.split(['/', '-', '_', '.', '?', '#', '=', '&']).collect();
    let number = |text: &str| match text.len() {
        1 | 2 => text.parse::<i8>().ok(),
        _ => None,
    };
    let year = |text: &str| text.parse::<i16>().ok().filter(|year| text.len() == 4 && (1990..2100).contains(year));
    let day = |year: i16, month: i8, day: i8| civil::Date::new(year, month, day).ok().and_then(of_day);
    let apart = parts.windows(3).find_map(|window| {
        let month = |text: &str| number(text).or_else(|| i8::try_from(month_of(text)?).ok());
        day(year(window[0])?, month(window[1])?, number(window[2])?)
    });
    let joined = |text: &str| {
        text.is_ascii().then(|| day(year(text.get(..4)?)?, number(text.get(4..6)?)?, number(&text[6..])?))?
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let whole = || parts.iter().filter(|text| text.len() == 8 && digits(text)).find_map(|text| joined(text));
    let halves = || {
        let is_half = |window: &&[&str]| year(window[0]).is_some() && window[1].len() == 4 && digits(window[1]);
        parts.windows(2).filter(is_half).find_map(|window| joined(&window.concat()))
    };
    apart.or_else(halves).or_else(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_in_a_url_path_is_found() {
        for (address, expected) in [
            ("https://news.example/2025/04/07/ferry", Some("2025-04-07")),
            ("https://news.example/world/2025/apr/07/ferry", Some("2025-04-07")),
            ("https://news.example/ferry-2025-04-07", Some("2025-04-07")),
            ("https://news.example/2025/4/7/ferry", Some("2025-04-07")),
            ("https://news.example/2025/0407/ferry", Some("2025-04-07")),
            ("https://news.example/20250407-ferry.html", Some("2025-04-07")),
            ("https://news.example/ferry-12345678", None),
            ("https://news.example/2025/04/ferry", None),
            ("https://news.example/2025/13/07/ferry", None),
        ] {
            let found = in_path(address).and_then(|published| published.at).map(|instant| instant.day());
            assert_eq!(found.as_deref(), expected, "{address}");
        }
    }
}
