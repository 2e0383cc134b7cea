//! Bylines: who wrote it.
