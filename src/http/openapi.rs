//! The OpenAPI 3.1 document: generated from the handlers' own annotations, checked in, compared by a test, and served
//! as the checked-in file, so that neither requests nor cold starts spend time generating it.

use super::routes::Specification;
use utoipa::OpenApi;

/// Returns the specification as JSON, in its checked-in form.
pub fn generate() -> String {
    let mut json =
        Specification::openapi().to_pretty_json().expect("the specification has string keys and always serializes");
    json.push('\n');
    json
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::service::SPECIFICATION;

    #[test]
    fn the_checked_in_specification_is_up_to_date() {
        let generated = generate();
        if std::env::var_os("DATELINE_UPDATE").is_some() {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/http/openapi.json");
            std::fs::write(path, &generated).expect("the specification file is writable");
            return;
        }
        assert!(generated == SPECIFICATION, "src/http/openapi.json is stale: run DATELINE_UPDATE=1 cargo test openapi");
    }
}
