//! A value that a page states somewhere.

use crate::article::Span;

/// A candidate value: the text, its spans, and the rule that read it.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub text: String,
    pub spans: Vec<Span>,
    pub rule: &'static str,
}
