//! The table that the store creates is the one that the template declares.

use dateline::store::table::definition;
use yaml_rust2::{Yaml, YamlLoader};

#[test]
fn the_store_creates_the_table_that_the_template_declares() {
    let template =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/template.yaml")).expect("the template");
    let template = YamlLoader::load_from_str(&template).expect("YAML");
    let declared = &template[0]["Resources"]["ArticlesTable"]["Properties"];
    let created = definition();
    let text = |yaml: &Yaml| yaml.as_str().map(str::to_owned).unwrap_or_default();
    let attribute = |yaml: &Yaml| (text(&yaml["AttributeName"]), text(&yaml["AttributeType"]));
    let key = |yaml: &Yaml| (text(&yaml["AttributeName"]), text(&yaml["KeyType"]));
    let pair = |name: &str, kind: &str| (name.to_owned(), kind.to_owned());
    let list = |name: &str| declared[name].as_vec().cloned().unwrap_or_default();

    let attributes: Vec<_> = list("AttributeDefinitions").iter().map(attribute).collect();
    assert_eq!(attributes, [pair(created.partition_key, "S"), pair(created.sort_key, "S")]);
    let keys: Vec<_> = list("KeySchema").iter().map(key).collect();
    assert_eq!(keys, [pair(created.partition_key, "HASH"), pair(created.sort_key, "RANGE")]);
    assert_eq!(text(&declared["BillingMode"]), created.billing_mode);
    let expiry = &declared["TimeToLiveSpecification"];
    assert_eq!(
        (text(&expiry["AttributeName"]), expiry["Enabled"].as_bool()),
        (created.time_to_live_attribute.to_owned(), Some(true))
    );
    for index in ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"] {
        assert!(declared[index].is_badvalue(), "the store defines no {index}");
    }
}
