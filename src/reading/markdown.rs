pub use super::text::read;
