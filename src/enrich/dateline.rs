//! Datelines: the place a story was filed from.
