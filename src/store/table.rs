//! The table's definition, identical to the one in `template.yaml`; a test compares the two.

use super::{Store, StoreError, table_keys};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType, TimeToLiveSpecification,
};

/// The time-to-live attribute, in seconds since 1970: the engine removes items that have expired.
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

impl Store {
    /// Creates the table unless it exists. On AWS the template does this; this method is for engines that start empty.
    /// It creates no stream: nothing consumes it there, and the embedded engine scans all stream records at every
    /// write.
    pub async fn create_table(&self) -> Result<(), StoreError> {
        let table = definition();
        let attribute = |name: &str| {
            AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build()
        };
        let key = |name: &str, kind: KeyType| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
        let created = self
            .client
            .create_table()
            .table_name(&self.table)
            .attribute_definitions(attribute(table.partition_key)?)
            .attribute_definitions(attribute(table.sort_key)?)
            .key_schema(key(table.partition_key, KeyType::Hash)?)
            .key_schema(key(table.sort_key, KeyType::Range)?)
            .billing_mode(BillingMode::from(table.billing_mode))
            .send()
            .await;
        match created {
            Ok(_) => {}
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|service_error| service_error.is_resource_in_use_exception()) =>
            {
                return Ok(());
            }
            Err(error) => return Err(StoreError::call("CreateTable", error)),
        }
        let expiry =
            TimeToLiveSpecification::builder().enabled(true).attribute_name(table.time_to_live_attribute).build()?;
        self.client
            .update_time_to_live()
            .table_name(&self.table)
            .time_to_live_specification(expiry)
            .send()
            .await
            .map_err(|error| StoreError::call("UpdateTimeToLive", error))?;
        Ok(())
    }
}
