//! Text as readers see it: white space is one blank, and what is invisible and steers the display is gone.

/// Joiners stay, because scripts from Arabic to Devanagari and emoji need them; the rest hides words or turns them round.
pub fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || letter.is_control() && !letter.is_whitespace()
}

pub fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.trim_start().chars() {
        if letter.is_whitespace() {
            if !shown.is_empty() && !shown.ends_with(' ') {
                shown.push(' ');
            }
        } else if !is_invisible(letter) {
            shown.push(letter);
        }
    }
    shown.truncate(shown.trim_end().len());
    shown
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn blanks_collapse_and_controls_disappear() {
        assert_eq!(shown("  a\u{a0}\n b\u{202e}c\u{200b}d\u{7}"), "a bcd");
        assert_eq!(shown("می\u{200c}خواهم"), "می\u{200c}خواهم");
    }
}
