//! All tables answer the same operations with the same results: the embedded one, the same behind a socket, dynoxide,
//! moto's server (`DATELINE_TEST_MOTO`) and the endpoint in `DATELINE_TEST_ENDPOINT`.

use crate::{
    store_contract::{new_config, table_at},
    support::dynamodb_endpoint,
};
use dateline::store::{
    ItemKey, StoreError,
    table::{
        Action, Condition, EXPIRES_AT, ITEM_BYTES, Item, KeyRange, Read, TRANSACTION_WRITES, Table, Write,
        embedded::EmbeddedTable,
        socket::{self, SocketTable},
    },
};
use proptest::prelude::*;
use std::{collections::BTreeMap, fmt::Debug, path::Path, sync::Arc};

/// Operations of one case.
const OPERATIONS: usize = 40;
const CASES: u32 = 24;

#[derive(Clone, Debug)]
enum Operation {
    Write(Write),
    Transact(Vec<Write>),
    Get(ItemKey),
    BatchGet(Vec<ItemKey>),
    Query(KeyRange),
    Scan,
}

fn key() -> impl Strategy<Value = ItemKey> {
    let sk = prop_oneof![Just("1"), Just("10"), Just("2"), Just("2#a"), Just("é"), Just("~")];
    (prop_oneof![Just("a"), Just("b"), Just("aé")], sk).prop_map(|(pk, sk)| ItemKey::new(pk, sk))
}

/// Items with every type of attribute. Few values, so that many are equal, and some that are large.
fn item() -> impl Strategy<Value = Item> {
    let filler = prop_oneof![3 => Just(0_usize), 2 => Just(200), 1 => Just(1_500), 1 => Just(5_000)];
    (key(), 0_i64..4, filler, any::<bool>(), proptest::option::of("[a-c]{1,3}")).prop_map(
        |(key, version, filler, flag, text)| {
            let texts: Vec<String> = text.iter().cloned().chain(["x".to_owned()]).collect();
            Item { key, attributes: BTreeMap::new() }
                .with("version", version * 700)
                .with("filler", vec![7; filler])
                .with("flag", flag)
                .with("texts", texts)
                .with_some("text", text)
        },
    )
}

fn condition() -> impl Strategy<Value = Option<Condition>> {
    let equals = (0_i64..4).prop_map(|version| Some(Condition::equals("version", version * 700)));
    prop_oneof![4 => Just(None), 2 => Just(Some(Condition::Absent)), 3 => equals]
}

fn write() -> impl Strategy<Value = Write> {
    let action = prop_oneof![3 => item().prop_map(Action::Put), 1 => key().prop_map(Action::Delete)];
    (action, condition()).prop_map(|(action, condition)| Write { action, condition })
}

fn transaction() -> impl Strategy<Value = Vec<Write>> {
    let check = (key(), 0_i64..4)
        .prop_map(|(key, version)| Action::Check(key).only_if(Condition::equals("version", version * 700)));
    prop::collection::vec(prop_oneof![8 => write(), 1 => check], 1..6).prop_map(|writes| {
        let mut seen = std::collections::BTreeSet::new();
        writes.into_iter().filter(|write| seen.insert(write.action.key().clone())).collect()
    })
}

fn range() -> impl Strategy<Value = KeyRange> {
    let bound = prop_oneof![Just("#"), Just("1"), Just("2"), Just("2~"), Just("~")];
    let projection = proptest::option::of(Just(["version", "text"].map(str::to_owned).to_vec()));
    (key(), bound.clone(), bound, any::<bool>(), 1_usize..6, projection).prop_map(
        |(key, low, high, newest_first, limit, attributes)| {
            let (low, high) = if low <= high { (low, high) } else { (high, low) };
            let range = KeyRange::new(key.pk, (low.to_owned(), high.to_owned()), limit);
            KeyRange { attributes, ..range.newest_first(newest_first) }
        },
    )
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        4 => write().prop_map(Operation::Write),
        4 => transaction().prop_map(Operation::Transact),
        2 => key().prop_map(Operation::Get),
        1 => prop::collection::hash_set(key(), 1..6).prop_map(|keys| Operation::BatchGet(keys.into_iter().collect())),
        3 => range().prop_map(Operation::Query),
        1 => Just(Operation::Scan),
    ]
}

/// The result of an operation, in a form that compares; and its units, which a table may not report.
async fn run(table: &dyn Table, operation: &Operation) -> (String, f64) {
    match operation.clone() {
        Operation::Write(write) => written(table.write(write).await),
        Operation::Transact(writes) => written(table.transact(writes).await),
        Operation::Get(key) => read(table.get(&key).await),
        Operation::BatchGet(keys) => read(table.batch_get(&keys).await.map(|mut read| {
            read.content.sort_by(|a, b| a.key.cmp(&b.key));
            read
        })),
        Operation::Query(range) => read(table.query(&range).await),
        Operation::Scan => (format!("{:?}", all(table).await), 0.0),
    }
}

async fn all(table: &dyn Table) -> Vec<Item> {
    let (mut items, mut after) = (Vec::new(), None);
    loop {
        let page = table.scan(after.as_ref(), 5).await.expect("scanned").content;
        items.extend(page.items);
        after = items.last().map(|item| item.key.clone());
        if !page.more {
            items.sort_by(|a, b| a.key.cmp(&b.key));
            return items;
        }
    }
}

fn written(result: Result<f64, StoreError>) -> (String, f64) {
    match result {
        Ok(units) => ("written".to_owned(), units),
        Err(StoreError::Conflict) => ("conflict".to_owned(), 0.0),
        Err(error) => panic!("{error:?}"),
    }
}

fn read<T: Debug>(result: Result<Read<T>, StoreError>) -> (String, f64) {
    let read = result.expect("read");
    (format!("{:?}", read.content), read.units)
}

/// Whether a page continues is unknown at its limit: a table may look one item further, or not.
fn without_more(result: &str) -> &str {
    result.split(", more: ").next().unwrap_or(result)
}

/// Another table in memory, as a command sees it while a server has it open.
async fn behind_a_socket(socket: &Path) -> SocketTable {
    let table = Arc::new(EmbeddedTable::memory().expect("a table in memory"));
    tokio::spawn(socket::serve(socket::listen(socket).expect("a socket"), table));
    SocketTable::connect(socket).await.expect("connected").expect("a server")
}

struct Tables {
    runtime: tokio::runtime::Runtime,
    embedded: EmbeddedTable,
    others: Vec<(&'static str, Box<dyn Table>)>,
    _folder: tempfile::TempDir,
}

impl Tables {
    fn new() -> Self {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let folder = tempfile::tempdir().expect("a folder");
        let others = runtime.block_on(async {
            let engine = dynoxide::Database::memory().expect("an engine in memory");
            let endpoint = dynamodb_endpoint::serve(engine).await.expect("a free port");
            let mut others: Vec<(&str, Box<dyn Table>)> =
                vec![("dynoxide", Box::new(table_at(&new_config(endpoint)).await))];
            others.push(("socket", Box::new(behind_a_socket(&folder.path().join("socket")).await)));
            for variable in ["DATELINE_TEST_MOTO", "DATELINE_TEST_ENDPOINT"] {
                match std::env::var(variable) {
                    Ok(endpoint) => others.push((variable, Box::new(table_at(&new_config(endpoint)).await))),
                    Err(_) => eprintln!("{variable} is not set: not compared"),
                }
            }
            others
        });
        let embedded = EmbeddedTable::memory().expect("a table in memory");
        Self { runtime, embedded, others, _folder: folder }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn tables_agree_on_random_operations(operations in prop::collection::vec(operation(), OPERATIONS)) {
        let tables = Tables::new();
        tables.runtime.block_on(async {
            for operation in &operations {
                let (expected, units) = run(&tables.embedded, operation).await;
                for (name, table) in &tables.others {
                    let (found, reported) = run(&**table, operation).await;
                    prop_assert_eq!(without_more(&found), without_more(&expected), "{}: {:?}", name, operation);
                    if *name != "DATELINE_TEST_MOTO" {
                        prop_assert_eq!(reported, units, "units of {}: {:?}", name, operation);
                    }
                }
            }
            let expected = all(&tables.embedded).await;
            for (name, table) in &tables.others {
                prop_assert_eq!(&all(&**table).await, &expected, "{}", name);
            }
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn what_dynamodb_refuses_is_refused() {
    let table = EmbeddedTable::memory().expect("a table in memory");
    let put = |sk: &str| Action::Put(Item::new("a", sk)).always();
    let large = Item::new("a", "1").with("bytes", vec![0; ITEM_BYTES]);
    for (writes, words) in [
        (vec![put("1"), put("1")], "two writes of a 1"),
        (vec![put("")], "a key of 0"),
        (vec![Action::Put(large).always()], "more than 409600 bytes"),
        ((0..=TRANSACTION_WRITES).map(|number| put(&number.to_string())).collect(), "more than the limit of 100"),
        (vec![put(&"s".repeat(2_000))], "more than 1900 bytes"),
    ] {
        let refused = table.transact(writes).await.expect_err("refused");
        assert!(format!("{refused:?}").contains(words), "{refused:?}");
    }
    assert_eq!(all(&table).await, []);
}

/// Bodies that items of a transaction share are kept until the last of them is replaced or deleted.
#[tokio::test]
async fn a_shared_body_lives_as_long_as_an_item_has_it() {
    let table = EmbeddedTable::memory().expect("a table in memory");
    let put = |sk: &str, filler: u8| Action::Put(Item::new("a", sk).with("filler", vec![filler; 100])).always();
    table.transact(vec![put("1", 1), put("2", 1), put("3", 1)]).await.expect("written");
    table.transact(vec![put("1", 2), put("2", 2)]).await.expect("written");
    table.write(Action::Delete(ItemKey::new("a", "1")).always()).await.expect("deleted");
    table.transact(vec![put("4", 1), put("5", 1)]).await.expect("written");
    let items = all(&table).await.into_iter();
    let fillers: Vec<_> = items.map(|item| (item.key.sk, item.attributes["filler"].clone())).collect();
    let expected = [("2", 2), ("3", 1), ("4", 1), ("5", 1)];
    let expected = expected.map(|(sk, filler)| (sk.to_owned(), vec![filler; 100].into()));
    assert_eq!(fillers, expected);
}

#[tokio::test]
async fn expired_items_are_swept() {
    let table = EmbeddedTable::memory().expect("a table in memory");
    let put = |sk: &str, at: i64| Action::Put(Item::new("a", sk).with(EXPIRES_AT, at)).always();
    table.transact(vec![put("1", 10), put("2", 20), put("3", 30)]).await.expect("written");
    table.write(put("1", 25)).await.expect("extended");
    table.write(Action::Put(Item::new("a", "3")).always()).await.expect("replaced");
    let left = async |now| {
        table.sweep(now).await.expect("swept");
        all(&table).await.into_iter().map(|item| item.key.sk).collect::<Vec<_>>()
    };
    assert_eq!(left(20).await, ["1", "2", "3"]);
    assert_eq!(left(21).await, ["1", "3"]);
    assert_eq!(left(i64::MAX).await, ["3"]);
}
