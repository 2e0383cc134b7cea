//! Which entries of a source are taken, by their URLs and titles.
//!
//! Where there are rules to include, one of them must fit; of the rules to exclude, none may. Patterns are those of the
//! `regex` crate, which takes time in proportion to the text whatever the pattern, and find their match anywhere in it.

use super::BadSetting;
use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

const RULES: usize = 20;
const PATTERN_BYTES: usize = 500;
/// What a pattern may become when it is compiled.
const COMPILED_BYTES: usize = 256 * 1024;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
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

/// The rules of a source, ready for its entries.
#[derive(Debug)]
pub struct Rules {
    include: Vec<(RuleField, Regex)>,
    exclude: Vec<(RuleField, Regex)>,
}

impl Rules {
    pub fn compile(include: &[Rule], exclude: &[Rule]) -> Result<Self, Vec<BadSetting>> {
        let mut bad = Vec::new();
        let mut each = |member: &'static str, rules: &[Rule]| {
            if rules.len() > RULES {
                bad.push(BadSetting {
                    member,
                    detail: format!("expected at most {RULES} rules, found {}", rules.len()),
                });
            }
            let mut compiled = Vec::new();
            for rule in rules.iter().take(RULES) {
                match pattern(&rule.matches) {
                    Ok(it) => compiled.push((rule.field, it)),
                    Err(detail) => bad.push(BadSetting { member, detail }),
                }
            }
            compiled
        };
        let (include, exclude) = (each("include", include), each("exclude", exclude));
        if bad.is_empty() { Ok(Self { include, exclude }) } else { Err(bad) }
    }

    pub fn take(&self, url: Option<&str>, title: Option<&str>) -> bool {
        let fits = |(field, pattern): &(RuleField, Regex)| {
            let text = match field {
                RuleField::Url => url,
                RuleField::Title => title,
            };
            text.is_some_and(|it| pattern.is_match(it))
        };
        (self.include.is_empty() || self.include.iter().any(fits)) && !self.exclude.iter().any(fits)
    }
}

fn pattern(text: &str) -> Result<Regex, String> {
    if text.is_empty() || text.len() > PATTERN_BYTES {
        return Err(format!("expected a pattern of 1 to {PATTERN_BYTES} bytes, found {}", text.len()));
    }
    let built = RegexBuilder::new(text).size_limit(COMPILED_BYTES).build();
    built.map_err(|error| format!("{text:?} is no pattern: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(field: RuleField, matches: &str) -> Rule {
        Rule { field, matches: matches.to_owned() }
    }

    #[test]
    fn one_must_fit_and_none_of_the_others() {
        let rules = |include: &[Rule], exclude: &[Rule]| Rules::compile(include, exclude).map_err(|it| it[0].member);
        let (world, live) = (rule(RuleField::Url, "/world/|/politics/"), rule(RuleField::Title, "(?i)^live:"));
        let both = rules(&[world], &[live]).expect("legal");
        assert!(both.take(Some("https://a.example/world/1"), Some("Tram returns")));
        assert!(both.take(Some("https://a.example/world/1"), None));
        assert!(!both.take(Some("https://a.example/sport/1"), Some("Tram returns")));
        assert!(!both.take(Some("https://a.example/world/1"), Some("LIVE: tram returns")));
        assert!(!both.take(None, Some("Tram returns")), "what is asked of it is not known");
        assert!(rules(&[], &[]).expect("legal").take(None, None));
    }

    #[test]
    fn what_is_no_pattern_is_told_and_so_is_one_that_grows() {
        let bad = |it: &str| Rules::compile(&[rule(RuleField::Url, it)], &[]).err().map(|it| it.len());
        assert_eq!(
            (bad("(a"), bad(""), bad("a{900}{900}"), bad(&"a".repeat(501))),
            (Some(1), Some(1), Some(1), Some(1))
        );
        let many = vec![rule(RuleField::Url, "a"); RULES + 1];
        assert_eq!(Rules::compile(&[], &many).err().map(|it| it[0].member), Some("exclude"));
    }
}
