//! What the build must know beside the sources.

use std::env;

fn main() {
    // The seeds are part of the binaries.
    println!("cargo:rerun-if-changed=seeds");
    // The functions stand at a fixed address (heap, stack and libraries do not). Otherwise every cold start would first
    // write the addresses of tens of thousands of table entries, languages and entities most of them, into 200 pages.
    let functions = env::var_os("CARGO_FEATURE_LAMBDA").is_some() && env::var_os("CARGO_FEATURE_LOCAL").is_none();
    if functions && env::var("CARGO_CFG_TARGET_OS").is_ok_and(|it| it == "linux") {
        for kind in ["bins", "examples"] {
            println!("cargo:rustc-link-arg-{kind}=-no-pie");
        }
    }
}
