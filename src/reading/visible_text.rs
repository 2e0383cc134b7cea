//! Text as readers see it: white space is collapsed, and invisible and display-control characters are removed.

/// Whether a character is invisible. Joiners are not counted, because scripts from Arabic to Devanagari and emoji need
/// them; the rest hides words or reverses their direction.
pub fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || letter.is_control() && !letter.is_whitespace()
}

pub fn visible_text(text: &str) -> String {
    let mut visible = String::with_capacity(text.len());
    for letter in text.trim_start().chars() {
        if letter.is_whitespace() {
            if !visible.is_empty() && !visible.ends_with(' ') {
                visible.push(' ');
            }
        } else if !is_invisible(letter) {
            visible.push(letter);
        }
    }
    visible.truncate(visible.trim_end().len());
    visible
}

#[cfg(test)]
mod tests {
    use super::visible_text;

    #[test]
    fn white_space_collapses_and_controls_are_removed() {
        assert_eq!(visible_text("  a\u{a0}\n b\u{202e}c\u{200b}d\u{7}"), "a bcd");
        assert_eq!(visible_text("می\u{200c}خواهم"), "می\u{200c}خواهم");
    }
}
