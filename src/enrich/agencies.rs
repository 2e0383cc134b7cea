//! News agencies, as articles credit them.

/// Printed credits, and the canonical name for each. Each agency's own site states both.
const AGENCIES: &[(&str, &str)] = &[
    ("AP", "AP"),
    ("Associated Press", "AP"),
    ("The Associated Press", "AP"),
    ("Reuters", "Reuters"),
    ("Thomson Reuters Foundation", "Thomson Reuters Foundation"),
    ("AFP", "AFP"),
    ("Agence France-Presse", "AFP"),
    ("dpa", "dpa"),
    ("DPA", "dpa"),
    ("EFE", "EFE"),
    ("Agencia EFE", "EFE"),
    ("ANSA", "ANSA"),
    ("UPI", "UPI"),
    ("Xinhua", "Xinhua"),
    ("新华社", "Xinhua"),
    ("中新社", "China News Service"),
    ("Kyodo", "Kyodo"),
    ("Kyodo News", "Kyodo"),
    ("共同", "Kyodo"),
    ("時事", "Jiji Press"),
    ("Yonhap", "Yonhap"),
    ("PTI", "PTI"),
    ("ANI", "ANI"),
    ("IANS", "IANS"),
    ("APP", "APP"),
    ("PPI", "PPI"),
    ("TASS", "TASS"),
    ("ТАСС", "TASS"),
    ("Интерфакс", "Interfax"),
    ("Interfax", "Interfax"),
    ("РИА Новости", "RIA Novosti"),
    ("Укринформ", "Ukrinform"),
    ("Anadolu", "Anadolu"),
    ("AA", "Anadolu"),
    ("WAM", "WAM"),
    ("SPA", "SPA"),
    ("MENA", "MENA"),
    ("PA", "PA Media"),
    ("PA Media", "PA Media"),
    ("CP", "The Canadian Press"),
    ("The Canadian Press", "The Canadian Press"),
    ("AAP", "AAP"),
    ("Bloomberg", "Bloomberg"),
    ("IRNA", "IRNA"),
    ("NAN", "NAN"),
    ("Bernama", "Bernama"),
    ("Antara", "Antara"),
    ("KUNA", "KUNA"),
    ("QNA", "QNA"),
    ("BNO News", "BNO News"),
    ("Inter Press Service", "IPS"),
    ("IPS", "IPS"),
];

/// Returns the agency if a text is exactly its credit: `AP`, `(Reuters)`.
pub fn named(text: &str) -> Option<&'static str> {
    let text = text.trim().trim_matches(['(', ')', '[', ']']).trim();
    AGENCIES.iter().find(|(printed, _)| *printed == text).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn only_an_exact_credit_names_an_agency() {
        assert_eq!(named("(AP)"), Some("AP"));
        assert_eq!(named("Associated Press"), Some("AP"));
        assert_eq!(named("ap"), None);
        assert_eq!(named("AP reporters"), None);
    }
}
