//! Build settings: a file dependency, and linker arguments for the Lambda functions.

#![expect(clippy::disallowed_methods, reason = "Cargo gives build scripts their settings this way")]

use std::env;

fn main() {
    // The seeds are embedded in the binaries.
    println!("cargo:rerun-if-changed=seeds");
    // The Lambda functions are linked at a fixed address (heap, stack and libraries stay randomised). Otherwise every
    // cold start would first relocate tens of thousands of table entries, mostly languages and entities, in 200 pages.
    let lambda_only = env::var_os("CARGO_FEATURE_LAMBDA").is_some() && env::var_os("CARGO_FEATURE_LOCAL").is_none();
    if lambda_only && env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        for kind in ["bins", "examples"] {
            println!("cargo:rustc-link-arg-{kind}=-no-pie");
        }
    }
}
