//! Which entries of a source are archived, by their URLs and titles.
//!
//! If there are include rules, one of them must match; no exclude rule may match. Patterns are those of the `regex`
//! crate, which matches in time linear in the text whatever the pattern; they match anywhere in the text.

use super::BadSetting;
use crate::limits::{RULE_PATTERN_BYTES, SOURCE_RULES};
use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Maximum bytes of a compiled pattern.
const COMPILED_BYTES: usize = 256 * 1024;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EntryRule {
    pub field: RuleField,
    /// A regular expression.
    pub matches: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RuleField {
    Url,
    Title,
}

/// The compiled rules of a source.
#[derive(Debug)]
pub struct Rules {
    include: Vec<(RuleField, Regex)>,
    exclude: Vec<(RuleField, Regex)>,
}

impl Rules {
    pub fn compile(include: &[EntryRule], exclude: &[EntryRule]) -> Result<Self, Vec<BadSetting>> {
        let mut bad = Vec::new();
        let mut each = |member: &'static str, rules: &[EntryRule]| {
            if rules.len() > SOURCE_RULES {
                bad.push(BadSetting {
                    member,
                    detail: format!("expected at most {SOURCE_RULES} rules, found {}", rules.len()),
                });
            }
            let mut compiled = Vec::new();
            for rule in rules.iter().take(SOURCE_RULES) {
                match pattern(&rule.matches) {
                    Ok(pattern) => compiled.push((rule.field, pattern)),
                    Err(detail) => bad.push(BadSetting { member, detail }),
                }
            }
            compiled
        };
        let (include, exclude) = (each("include", include), each("exclude", exclude));
        if bad.is_empty() { Ok(Self { include, exclude }) } else { Err(bad) }
    }

    pub fn take(&self, url: Option<&str>, title: Option<&str>) -> bool {
        let matches = |(field, pattern): &(RuleField, Regex)| {
            let text = match field {
                RuleField::Url => url,
                RuleField::Title => title,
            };
            text.is_some_and(|text| pattern.is_match(text))
        };
        (self.include.is_empty() || self.include.iter().any(matches)) && !self.exclude.iter().any(matches)
    }
}

fn pattern(text: &str) -> Result<Regex, String> {
    if text.is_empty() || text.len() > RULE_PATTERN_BYTES {
        return Err(format!("expected a pattern of 1 to {RULE_PATTERN_BYTES} bytes, found {}", text.len()));
    }
    let built = RegexBuilder::new(text).size_limit(COMPILED_BYTES).build();
    built.map_err(|error| format!("{text:?} is not a valid pattern: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(field: RuleField, matches: &str) -> EntryRule {
        EntryRule { field, matches: matches.to_owned() }
    }

    #[test]
    fn an_include_rule_must_match_and_no_exclude_rule_may() {
        let rules = |include: &[EntryRule], exclude: &[EntryRule]| {
            Rules::compile(include, exclude).map_err(|error| error[0].member)
        };
        let (world, live) = (rule(RuleField::Url, "/world/|/politics/"), rule(RuleField::Title, "(?i)^live:"));
        let both = rules(&[world], &[live]).expect("valid");
        assert!(both.take(Some("https://a.example/world/1"), Some("Tram returns")));
        assert!(both.take(Some("https://a.example/world/1"), None));
        assert!(!both.take(Some("https://a.example/sport/1"), Some("Tram returns")));
        assert!(!both.take(Some("https://a.example/world/1"), Some("LIVE: tram returns")));
        assert!(!both.take(None, Some("Tram returns")), "an entry without a URL matches no URL rule");
        assert!(rules(&[], &[]).expect("valid").take(None, None));
    }

    #[test]
    fn invalid_and_oversized_patterns_are_refused() {
        let bad = |pattern: &str| Rules::compile(&[rule(RuleField::Url, pattern)], &[]).err().map(|bad| bad.len());
        assert_eq!(
            (bad("(a"), bad(""), bad("a{900}{900}"), bad(&"a".repeat(501))),
            (Some(1), Some(1), Some(1), Some(1))
        );
        let many = vec![rule(RuleField::Url, "a"); SOURCE_RULES + 1];
        assert_eq!(Rules::compile(&[], &many).err().map(|bad| bad[0].member), Some("exclude"));
    }
}
