//! Currencies as they are printed beside amounts, and the ISO 4217 code that each stands for.
//!
//! What several countries share (`Rs`, `dinars`) is decided by the country that the article was filed from or published
//! in, and stays without a code where that is not known. A bare dollar sign is the exception: news agencies print it for
//! US dollars and mark every other one.

use super::numbers::{begins_with, gap};
use crate::article::CountryCode;

/// Before the amount. Longer ones first: `US$` is no `$`.
const BEFORE: &[(&str, &str)] = &[
    ("US$", "USD"),
    ("A$", "AUD"),
    ("AU$", "AUD"),
    ("C$", "CAD"),
    ("CA$", "CAD"),
    ("NZ$", "NZD"),
    ("HK$", "HKD"),
    ("S$", "SGD"),
    ("NT$", "TWD"),
    ("R$", "BRL"),
    ("$", "USD"),
    ("€", "EUR"),
    ("£", "GBP"),
    ("₹", "INR"),
    ("₽", "RUB"),
    ("₩", "KRW"),
    ("₺", "TRY"),
    ("₴", "UAH"),
    ("₦", "NGN"),
    ("₫", "VND"),
    ("₱", "PHP"),
    ("฿", "THB"),
    ("₪", "ILS"),
    ("Rs.", RUPEE),
    ("Rs", RUPEE),
    ("Re", RUPEE),
    ("¥", YEN),
    ("￥", YEN),
];

/// After the amount, in lower case; before it where they are codes.
const AFTER: &[(&str, &str)] = &[
    ("us dollars", "USD"),
    ("u.s. dollars", "USD"),
    ("american dollars", "USD"),
    ("australian dollars", "AUD"),
    ("canadian dollars", "CAD"),
    ("dollars", "USD"),
    ("dollar", "USD"),
    ("dólares", "USD"),
    ("euros", "EUR"),
    ("euro", "EUR"),
    ("€", "EUR"),
    ("pounds sterling", "GBP"),
    ("sterling", "GBP"),
    ("rupees", RUPEE),
    ("rupee", RUPEE),
    ("yen", "JPY"),
    ("yuan", "CNY"),
    ("renminbi", "CNY"),
    ("swiss francs", "CHF"),
    ("franken", "CHF"),
    ("cfa francs", "XOF"),
    ("francs cfa", "XOF"),
    ("rubles", "RUB"),
    ("roubles", "RUB"),
    ("hryvnias", "UAH"),
    ("hryvnia", "UAH"),
    ("zlotys", "PLN"),
    ("zloty", "PLN"),
    ("kronor", "SEK"),
    ("naira", "NGN"),
    ("rand", "ZAR"),
    ("baht", "THB"),
    ("reais", "BRL"),
    ("real", "BRL"),
    ("lira", "TRY"),
    ("shekels", "ILS"),
    ("taka", "BDT"),
    ("shillings", SHARED),
    ("dinars", SHARED),
    ("dirhams", SHARED),
    ("riyals", SHARED),
    ("pesos", SHARED),
    ("kroner", SHARED),
    ("won", "KRW"),
    ("pounds", SHARED),
    ("долларов", "USD"),
    ("доллара", "USD"),
    ("долл.", "USD"),
    ("евро", "EUR"),
    ("рублей", "RUB"),
    ("рубля", "RUB"),
    ("руб.", "RUB"),
    ("гривен", "UAH"),
    ("دولار", "USD"),
    ("دولارات", "USD"),
    ("ڈالر", "USD"),
    ("يورو", "EUR"),
    ("یورو", "EUR"),
    ("جنيه", SHARED),
    ("روپے", RUPEE),
    ("روپیہ", RUPEE),
    ("रुपये", "INR"),
    ("美元", "USD"),
    ("欧元", "EUR"),
    ("日元", "JPY"),
    ("人民币", "CNY"),
    ("元", "CNY"),
    ("ドル", "USD"),
    ("ユーロ", "EUR"),
    ("円", "JPY"),
];

/// Codes of ISO 4217 that are printed with amounts.
const CODES: &[&str] = &[
    "USD", "EUR", "GBP", "JPY", "CNY", "INR", "PKR", "CHF", "AUD", "CAD", "NZD", "HKD", "SGD", "RUB", "UAH", "TRY",
    "BRL", "MXN", "ZAR", "NGN", "KES", "EGP", "SAR", "AED", "QAR", "KWD", "ILS", "SEK", "NOK", "DKK", "PLN", "CZK",
    "HUF", "RON", "KRW", "THB", "IDR", "MYR", "PHP", "VND", "BDT", "LKR", "NPR", "GHS", "TZS", "UGX", "ETB", "MAD",
    "DZD", "TND",
];

/// Marks for names that mean different currencies in different countries.
const RUPEE: &str = "rupee";
const YEN: &str = "yen or yuan";
const SHARED: &str = "shared";

/// By country: ISO 4217.
const OF_COUNTRIES: &[(&str, &str, &str)] = &[
    ("rupee", "PK", "PKR"),
    ("rupee", "IN", "INR"),
    ("rupee", "LK", "LKR"),
    ("rupee", "NP", "NPR"),
    ("rupee", "MU", "MUR"),
    ("yen or yuan", "JP", "JPY"),
    ("yen or yuan", "CN", "CNY"),
    ("shillings", "KE", "KES"),
    ("shillings", "TZ", "TZS"),
    ("shillings", "UG", "UGX"),
    ("dinars", "DZ", "DZD"),
    ("dinars", "IQ", "IQD"),
    ("dinars", "JO", "JOD"),
    ("dinars", "KW", "KWD"),
    ("dinars", "LY", "LYD"),
    ("dinars", "RS", "RSD"),
    ("dinars", "TN", "TND"),
    ("dirhams", "AE", "AED"),
    ("dirhams", "MA", "MAD"),
    ("riyals", "SA", "SAR"),
    ("riyals", "QA", "QAR"),
    ("riyals", "OM", "OMR"),
    ("pesos", "MX", "MXN"),
    ("pesos", "AR", "ARS"),
    ("pesos", "CL", "CLP"),
    ("pesos", "CO", "COP"),
    ("pesos", "PH", "PHP"),
    ("pesos", "CU", "CUP"),
    ("pesos", "UY", "UYU"),
    ("kroner", "NO", "NOK"),
    ("kroner", "DK", "DKK"),
    ("pounds", "GB", "GBP"),
    ("pounds", "EG", "EGP"),
    ("جنيه", "EG", "EGP"),
];

/// A currency beside an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// ISO 4217, where it is known which one is meant.
    pub code: Option<&'static str>,
    /// How much of the text it takes.
    pub bytes: usize,
}

/// The currency that stands directly before an amount.
pub fn before(text: &str, country: Option<&CountryCode>) -> Option<Found> {
    let blank =
        text.chars().next_back().filter(|it| matches!(it, ' ' | '\u{a0}' | '\u{202f}')).map_or(0, char::len_utf8);
    let near = &text[..text.len() - blank];
    let is_free = |at: usize| !near[..at].ends_with(char::is_alphanumeric);
    let signs = BEFORE.iter().copied().chain(CODES.iter().map(|it| (*it, *it)));
    let (sign, code) = signs.filter(|(it, _)| near.ends_with(*it)).find(|(it, _)| {
        // `US$` ends with `$` as well; a sign of letters must not be the end of a word.
        it.starts_with(|it: char| !it.is_alphabetic()) || is_free(near.len() - it.len())
    })?;
    Some(Found { code: resolve(sign, code, country), bytes: sign.len() + blank })
}

/// The currency that stands behind an amount. `scaled`: whether the amount has a word of magnitude, without which a word
/// like `won` or `pounds` is no currency.
pub fn after(text: &str, scaled: bool, country: Option<&CountryCode>) -> Option<Found> {
    let mut start = gap(text);
    // `2 millions d'euros`, `5 mil millones de dólares`.
    let joint = ["de ", "d’", "d'", "of "].iter().find(|it| text[start..].starts_with(**it)).filter(|_| scaled);
    start += joint.map_or(0, |it| it.len());
    let rest = &text[start..];
    let codes = CODES.iter().filter(|it| rest.starts_with(**it)).map(|it| (*it, *it));
    let (word, code) = AFTER.iter().copied().chain(codes).find(|(it, _)| begins_with(rest, it))?;
    let weak = matches!(word, "won" | "pounds" | "real" | "rand" | "sterling" | "lira");
    if weak && !scaled {
        return None;
    }
    let bytes: usize = rest.chars().take(word.chars().count()).map(char::len_utf8).sum();
    Some(Found { code: resolve(word, code, country), bytes: start + bytes })
}

fn resolve(word: &'static str, code: &'static str, country: Option<&CountryCode>) -> Option<&'static str> {
    let name = match code {
        RUPEE | YEN => code,
        SHARED => word,
        code => return Some(code),
    };
    let country = country?.as_str();
    OF_COUNTRIES.iter().find(|(it, of, _)| *it == name && *of == country).map(|(_, _, code)| *code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn currencies_stand_before_and_behind_amounts() {
        let pakistan = CountryCode::parse("PK").ok();
        let country = pakistan.as_ref();
        for (text, expected) in [
            ("worth US$", Some((Some("USD"), 3))),
            ("a $", Some((Some("USD"), 1))),
            ("Rs ", Some((Some("PKR"), 3))),
            ("PKR ", Some((Some("PKR"), 4))),
            ("the hours ", None),
        ] {
            assert_eq!(before(text, country).map(|it| (it.code, it.bytes)), expected, "{text}");
        }
        for (text, scaled, expected) in [
            (" euros a day", false, Some((Some("EUR"), 6))),
            (" d’euros", true, Some((Some("EUR"), 4 + "d’".len() + 2))),
            (" won the race", false, None),
            (" won", true, Some((Some("KRW"), 4))),
            ("美元", true, Some((Some("USD"), 6))),
            (" people", false, None),
        ] {
            assert_eq!(after(text, scaled, None).map(|it| (it.code, it.bytes)), expected, "{text}");
        }
        assert_eq!(before("Rs ", None).map(|it| it.code), Some(None), "which rupee is not known");
    }
}
