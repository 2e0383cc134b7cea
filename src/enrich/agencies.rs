//! News agencies.
