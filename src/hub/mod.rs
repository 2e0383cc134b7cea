//! The archive's own WebSub hub (<https://www.w3.org/TR/websub/>): readers of its feeds are sent what is new, instead of
//! polling. The server of the command is a hub; the functions are not.
//!
//! | file | decides |
//! | --- | --- |
//! | [`subscriber`] | what is stored of a subscription, and for how long |
//! | [`notifier`] | verifies the intent of subscribers, and sends them their feed when it changed |

#[cfg(feature = "local")]
pub mod notifier;
pub mod subscriber;

pub use subscriber::Subscriber;
