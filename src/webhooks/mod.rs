//! Webhooks: push notifications of new, changed and deleted articles.
//!
//! | file | decides |
//! | --- | --- |
//! | [`webhook`] | which changes a webhook receives, and its delivery state |
//! | [`message`] | the payload of a change, and how it is signed (Standard Webhooks) |
//! | [`deliver`] | in-order delivery of every change by one worker at a time; when to retry, and when to give up |

pub mod deliver;
pub mod message;
pub mod webhook;

pub use webhook::{Event, Webhook};
