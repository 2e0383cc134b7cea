//! Dates that a text states in full.
