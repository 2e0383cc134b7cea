//! The table's definition, identical to the one in `template.yaml`; a test compares the two.

use crate::store::table_keys;

/// The time-to-live attribute, in seconds since 1970: the table removes items that have expired.
pub const EXPIRES_AT: &str = "expires_at";

pub struct TableDefinition {
    pub partition_key: &'static str,
    pub sort_key: &'static str,
    pub billing_mode: &'static str,
    pub time_to_live_attribute: &'static str,
}

pub fn definition() -> TableDefinition {
    TableDefinition {
        partition_key: table_keys::PK,
        sort_key: table_keys::SK,
        billing_mode: "PAY_PER_REQUEST",
        time_to_live_attribute: EXPIRES_AT,
    }
}
