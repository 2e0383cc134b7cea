//! The table in DynamoDB, or at any endpoint that speaks its protocol: the only module that calls its client.

use super::{
    Action, Attributes, BATCH_KEYS, Condition, Item, ItemKey, KeyRange, Page, Read, Table, Value, Write, definition,
};
use crate::store::{
    StoreError,
    table_keys::{PK, SK},
};
use async_trait::async_trait;
use aws_sdk_dynamodb::{
    Client,
    operation::transact_write_items::TransactWriteItemsError,
    primitives::Blob,
    types::{
        AttributeDefinition, AttributeValue, BillingMode, ConditionCheck, ConsumedCapacity, Delete, KeySchemaElement,
        KeyType, KeysAndAttributes, Put, ReturnConsumedCapacity, ScalarAttributeType, TimeToLiveSpecification,
        TransactWriteItem,
    },
};
use std::collections::HashMap;

/// Maximum calls for one batch, retries of unprocessed keys included, before it counts as throttled.
const BATCH_ROUNDS: usize = 5;

/// A table and a client. Cheap to clone.
#[derive(Clone, Debug)]
pub struct DynamoDbTable {
    client: Client,
    name: String,
}

impl DynamoDbTable {
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self { client, name: name.into() }
    }

    pub fn client(&self) -> &Client {
        &self.client
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Creates the table unless it exists. On AWS the template does this; this method is for endpoints that start
    /// empty. It creates no stream: nothing consumes it there.
    pub async fn create(&self) -> Result<(), StoreError> {
        let table = definition();
        let attribute = |name: &str| {
            AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build()
        };
        let key = |name: &str, kind: KeyType| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
        let created = self
            .client
            .create_table()
            .table_name(&self.name)
            .attribute_definitions(attribute(table.partition_key)?)
            .attribute_definitions(attribute(table.sort_key)?)
            .key_schema(key(table.partition_key, KeyType::Hash)?)
            .key_schema(key(table.sort_key, KeyType::Range)?)
            .billing_mode(BillingMode::from(table.billing_mode))
            .send()
            .await;
        match created {
            Ok(_) => {}
            Err(error) if error.as_service_error().is_some_and(|error| error.is_resource_in_use_exception()) => {
                return Ok(());
            }
            Err(error) => return Err(StoreError::call("CreateTable", error)),
        }
        let expiry =
            TimeToLiveSpecification::builder().enabled(true).attribute_name(table.time_to_live_attribute).build()?;
        self.client
            .update_time_to_live()
            .table_name(&self.name)
            .time_to_live_specification(expiry)
            .send()
            .await
            .map_err(|error| StoreError::call("UpdateTimeToLive", error))?;
        Ok(())
    }

    fn transaction_write(&self, write: Write) -> Result<TransactWriteItem, StoreError> {
        let (condition, values) = expression(write.condition.as_ref());
        let table = self.name.as_str();
        let action = TransactWriteItem::builder();
        let action = match write.action {
            Action::Put(item) => {
                let put = Put::builder().table_name(table).set_item(Some(to_aws(item)));
                let put = put.set_condition_expression(condition).set_expression_attribute_values(values);
                action.put(put.build()?)
            }
            Action::Delete(key) => {
                let delete = Delete::builder().table_name(table).set_key(Some(key_to_aws(&key)));
                let delete = delete.set_condition_expression(condition).set_expression_attribute_values(values);
                action.delete(delete.build()?)
            }
            Action::Check(key) => {
                let check = ConditionCheck::builder().table_name(table).set_key(Some(key_to_aws(&key)));
                let check = check.set_condition_expression(condition).set_expression_attribute_values(values);
                action.condition_check(check.build()?)
            }
        };
        Ok(action.build())
    }
}

#[async_trait]
impl Table for DynamoDbTable {
    async fn get(&self, key: &ItemKey) -> Result<Read<Option<Item>>, StoreError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(key_to_aws(key)))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(|error| StoreError::call("GetItem", error))?;
        Ok(Read { units: units(&answer.consumed_capacity), content: answer.item.map(from_aws).transpose()? })
    }

    async fn batch_get(&self, keys: &[ItemKey]) -> Result<Read<Vec<Item>>, StoreError> {
        let mut found = Read { content: Vec::with_capacity(keys.len()), units: 0.0 };
        for chunk in keys.chunks(BATCH_KEYS) {
            let batch = chunk.iter().map(key_to_aws).collect();
            let mut request = Some(KeysAndAttributes::builder().set_keys(Some(batch)).consistent_read(true).build()?);
            for _ in 0..BATCH_ROUNDS {
                let Some(keys) = request.take() else { break };
                let answer = self
                    .client
                    .batch_get_item()
                    .request_items(&self.name, keys)
                    .return_consumed_capacity(ReturnConsumedCapacity::Total)
                    .send()
                    .await
                    .map_err(|error| StoreError::call("BatchGetItem", error))?;
                found.units += units(answer.consumed_capacity());
                for item in answer.responses.unwrap_or_default().into_values().flatten() {
                    found.content.push(from_aws(item)?);
                }
                request = answer.unprocessed_keys.unwrap_or_default().into_values().next();
            }
            if request.is_some() {
                return Err(StoreError::Throttled);
            }
        }
        Ok(found)
    }

    async fn query(&self, range: &KeyRange) -> Result<Read<Page>, StoreError> {
        let projection = range.attributes.as_deref().map(projection);
        let (projection, names) = projection.unzip();
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let answer = self
            .client
            .query()
            .table_name(&self.name)
            .key_condition_expression("pk = :pk AND sk BETWEEN :low AND :high")
            .expression_attribute_values(":pk", text(&range.pk))
            .expression_attribute_values(":low", text(&range.low))
            .expression_attribute_values(":high", text(&range.high))
            .set_projection_expression(projection)
            .set_expression_attribute_names(names.flatten())
            .scan_index_forward(!range.newest_first)
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .limit(i32::try_from(range.limit).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| StoreError::call("Query", error))?;
        page(answer.items, answer.last_evaluated_key, &answer.consumed_capacity)
    }

    async fn scan(&self, after: Option<&ItemKey>, limit: usize) -> Result<Read<Page>, StoreError> {
        let answer = self
            .client
            .scan()
            .table_name(&self.name)
            .consistent_read(true)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .set_exclusive_start_key(after.map(key_to_aws))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(|error| StoreError::call("Scan", error))?;
        page(answer.items, answer.last_evaluated_key, &answer.consumed_capacity)
    }

    async fn write(&self, write: Write) -> Result<f64, StoreError> {
        let (condition, values) = expression(write.condition.as_ref());
        let consumed = match write.action {
            Action::Put(item) => {
                let put = self.client.put_item().table_name(&self.name).set_item(Some(to_aws(item)));
                let put = put.set_condition_expression(condition).set_expression_attribute_values(values);
                let put = put.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await;
                put.map_err(|error| StoreError::call("PutItem", error))?.consumed_capacity
            }
            Action::Delete(key) => {
                let delete = self.client.delete_item().table_name(&self.name).set_key(Some(key_to_aws(&key)));
                let delete = delete.set_condition_expression(condition).set_expression_attribute_values(values);
                let deleted = delete.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await;
                deleted.map_err(|error| StoreError::call("DeleteItem", error))?.consumed_capacity
            }
            Action::Check(_) => return self.transact(vec![write]).await,
        };
        Ok(units(&consumed))
    }

    async fn transact(&self, writes: Vec<Write>) -> Result<f64, StoreError> {
        let actions = writes.into_iter().map(|write| self.transaction_write(write)).collect::<Result<_, _>>()?;
        let write = self.client.transact_write_items().set_transact_items(Some(actions));
        match write.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await {
            Ok(answer) => Ok(units(answer.consumed_capacity())),
            Err(error) if error.as_service_error().is_some_and(is_conflict) => Err(StoreError::Conflict),
            Err(error) => Err(StoreError::call("TransactWriteItems", error)),
        }
    }
}

type AwsItem = HashMap<String, AttributeValue>;

fn page(
    items: Option<Vec<AwsItem>>,
    last_key: Option<AwsItem>,
    consumed: &Option<ConsumedCapacity>,
) -> Result<Read<Page>, StoreError> {
    let items = items.unwrap_or_default().into_iter().map(from_aws).collect::<Result<_, _>>()?;
    Ok(Read { content: Page { items, more: last_key.is_some() }, units: units(consumed) })
}

fn units<'a>(consumed: impl IntoIterator<Item = &'a ConsumedCapacity>) -> f64 {
    consumed.into_iter().filter_map(|capacity| capacity.capacity_units).sum()
}

/// Returns a condition as an expression, with the values of its placeholders.
fn expression(condition: Option<&Condition>) -> (Option<String>, Option<AwsItem>) {
    match condition {
        None => (None, None),
        Some(Condition::Absent) => (Some(format!("attribute_not_exists({PK})")), None),
        Some(Condition::Equals(name, number)) => {
            let value = AttributeValue::N(number.to_string());
            (Some(format!("{name} = :number")), Some(AwsItem::from([(":number".to_owned(), value)])))
        }
    }
}

/// Returns a projection expression that includes the key, with placeholders for the names, because some are reserved
/// words.
fn projection(attributes: &[String]) -> (String, Option<HashMap<String, String>>) {
    let names: HashMap<String, String> = attributes.iter().map(|name| (format!("#{name}"), name.clone())).collect();
    let placeholders = attributes.iter().map(|name| format!("#{name}"));
    let expression: Vec<String> = [PK, SK].map(str::to_owned).into_iter().chain(placeholders).collect();
    (expression.join(", "), (!names.is_empty()).then_some(names))
}

fn key_to_aws(key: &ItemKey) -> AwsItem {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    AwsItem::from([(PK.to_owned(), text(&key.pk)), (SK.to_owned(), text(&key.sk))])
}

fn to_aws(item: Item) -> AwsItem {
    let text = AttributeValue::S;
    let key = [(PK.to_owned(), text(item.key.pk)), (SK.to_owned(), text(item.key.sk))];
    let attributes = item.attributes.into_iter().map(|(name, value)| {
        let value = match value {
            Value::Text(value) => text(value),
            Value::Number(number) => AttributeValue::N(number.to_string()),
            Value::Bytes(bytes) => AttributeValue::B(Blob::new(bytes)),
            Value::Bool(value) => AttributeValue::Bool(value),
            Value::Texts(texts) => AttributeValue::L(texts.into_iter().map(text).collect()),
        };
        (name, value)
    });
    key.into_iter().chain(attributes).collect()
}

fn from_aws(mut item: AwsItem) -> Result<Item, StoreError> {
    let mut part = |name: &str| match item.remove(name) {
        Some(AttributeValue::S(part)) => part,
        _ => String::new(),
    };
    let key = ItemKey { pk: part(PK), sk: part(SK) };
    let mut attributes = Attributes::new();
    for (name, value) in item {
        let value = value_from_aws(value).ok_or_else(|| StoreError::Item {
            key: key.to_string(),
            problem: format!("`{name}` has a type that the archive does not store"),
        })?;
        attributes.insert(name, value);
    }
    Ok(Item { key, attributes })
}

fn value_from_aws(value: AttributeValue) -> Option<Value> {
    Some(match value {
        AttributeValue::S(text) => Value::Text(text),
        AttributeValue::N(number) => Value::Number(number.parse().ok()?),
        AttributeValue::B(bytes) => Value::Bytes(bytes.into_inner()),
        AttributeValue::Bool(value) => Value::Bool(value),
        AttributeValue::L(members) => {
            let texts = members.into_iter().map(|member| match member {
                AttributeValue::S(text) => Some(text),
                _ => None,
            });
            Value::Texts(texts.collect::<Option<_>>()?)
        }
        _ => return None,
    })
}

fn is_conflict(error: &TransactWriteItemsError) -> bool {
    match error {
        TransactWriteItemsError::TransactionCanceledException(canceled) => canceled
            .cancellation_reasons()
            .iter()
            .any(|reason| matches!(reason.code(), Some("ConditionalCheckFailed" | "TransactionConflict"))),
        TransactWriteItemsError::TransactionInProgressException(_) => true,
        _ => false,
    }
}
