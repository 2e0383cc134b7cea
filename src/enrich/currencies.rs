//! Maps currency signs and names next to amounts to ISO 4217 codes.
//!
//! A name that several countries share (`Rs`, `dinars`) is resolved by the country that the article was filed from or
//! published in, and gets no code if that is unknown. A bare dollar sign is the exception: news agencies print it for
//! US dollars and qualify every other dollar.

use super::numbers::{begins_with, gap};
use crate::article::CountryCode;

/// Signs before the amount. Longer ones come first, so that `US$` is not read as `$`.
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

/// Names and signs after the amount, in lower case.
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

/// ISO 4217 codes that are printed before or after amounts.
const CODES: &[&str] = &[
    "USD", "EUR", "GBP", "JPY", "CNY", "INR", "PKR", "CHF", "AUD", "CAD", "NZD", "HKD", "SGD", "RUB", "UAH", "TRY",
    "BRL", "MXN", "ZAR", "NGN", "KES", "EGP", "SAR", "AED", "QAR", "KWD", "ILS", "SEK", "NOK", "DKK", "PLN", "CZK",
    "HUF", "RON", "KRW", "THB", "IDR", "MYR", "PHP", "VND", "BDT", "LKR", "NPR", "GHS", "TZS", "UGX", "ETB", "MAD",
    "DZD", "TND",
];

/// Placeholders for names that mean different currencies in different countries.
const RUPEE: &str = "rupee";
const YEN: &str = "yen or yuan";
const SHARED: &str = "shared";

/// ISO 4217 codes of shared names, by country.
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

/// A currency next to an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurrencyMatch {
    /// ISO 4217 code, if the currency is unambiguous.
    pub code: Option<&'static str>,
    /// Bytes of the text that it takes, including a blank.
    pub bytes: usize,
}

/// Returns the currency directly before an amount, at the end of `text`.
pub fn before(text: &str, country: Option<&CountryCode>) -> Option<CurrencyMatch> {
    let blank = text
        .chars()
        .next_back()
        .filter(|character| matches!(character, ' ' | '\u{a0}' | '\u{202f}'))
        .map_or(0, char::len_utf8);
    let near = &text[..text.len() - blank];
    let is_free = |at: usize| !near[..at].ends_with(char::is_alphanumeric);
    let signs = BEFORE.iter().copied().chain(CODES.iter().map(|code| (*code, *code)));
    let (sign, code) = signs.filter(|(sign, _)| near.ends_with(*sign)).find(|(sign, _)| {
        // The first match counts: `US$` ends with `$` as well. A sign that begins with a letter must not end a word.
        sign.starts_with(|character: char| !character.is_alphabetic()) || is_free(near.len() - sign.len())
    })?;
    Some(CurrencyMatch { code: resolve(sign, code, country), bytes: sign.len() + blank })
}

/// Returns the currency directly after an amount, at the start of `text`. `scaled`: whether the amount has a magnitude
/// word, without which a word like `won` or `pounds` does not count as a currency.
pub fn after(text: &str, scaled: bool, country: Option<&CountryCode>) -> Option<CurrencyMatch> {
    let mut start = gap(text);
    // `2 millions d'euros`, `5 mil millones de dólares`.
    let joint = ["de ", "d’", "d'", "of "].iter().find(|joint| text[start..].starts_with(**joint)).filter(|_| scaled);
    start += joint.map_or(0, |joint| joint.len());
    let rest = &text[start..];
    let codes = CODES.iter().filter(|code| rest.starts_with(**code)).map(|code| (*code, *code));
    let (word, code) = AFTER.iter().copied().chain(codes).find(|(name, _)| begins_with(rest, name))?;
    let weak = matches!(word, "won" | "pounds" | "real" | "rand" | "sterling" | "lira");
    if weak && !scaled {
        return None;
    }
    let bytes: usize = rest.chars().take(word.chars().count()).map(char::len_utf8).sum();
    Some(CurrencyMatch { code: resolve(word, code, country), bytes: start + bytes })
}

fn resolve(word: &'static str, code: &'static str, country: Option<&CountryCode>) -> Option<&'static str> {
    let name = match code {
        RUPEE | YEN => code,
        SHARED => word,
        code => return Some(code),
    };
    let country = country?.as_str();
    OF_COUNTRIES.iter().find(|(shared, owner, _)| *shared == name && *owner == country).map(|(_, _, code)| *code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn currencies_are_found_before_and_after_amounts() {
        let pakistan = CountryCode::parse("PK").ok();
        let country = pakistan.as_ref();
        for (text, expected) in [
            ("worth US$", Some((Some("USD"), 3))),
            ("a $", Some((Some("USD"), 1))),
            ("Rs ", Some((Some("PKR"), 3))),
            ("PKR ", Some((Some("PKR"), 4))),
            ("the hours ", None),
        ] {
            assert_eq!(before(text, country).map(|currency| (currency.code, currency.bytes)), expected, "{text}");
        }
        for (text, scaled, expected) in [
            (" euros a day", false, Some((Some("EUR"), 6))),
            (" d’euros", true, Some((Some("EUR"), 4 + "d’".len() + 2))),
            (" won the race", false, None),
            (" won", true, Some((Some("KRW"), 4))),
            ("美元", true, Some((Some("USD"), 6))),
            (" people", false, None),
        ] {
            assert_eq!(after(text, scaled, None).map(|currency| (currency.code, currency.bytes)), expected, "{text}");
        }
        assert_eq!(before("Rs ", None).map(|currency| currency.code), Some(None), "an ambiguous rupee has no code");
    }
}
