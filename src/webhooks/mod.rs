//! Webhooks: whoever is told of new and changed articles without asking.
//!
//! | file | decides |
//! | --- | --- |
//! | [`webhook`] | what a webhook is told, and how it is |
//! | [`message`] | what is said of a change, and how it is signed (Standard Webhooks) |
//! | [`deliver`] | that every change is delivered, in order, by one at a time; when it is tried again, and when no more |

pub mod deliver;
pub mod message;
pub mod webhook;

pub use webhook::{DISABLED_AFTER, Event, Webhook};
