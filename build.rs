//! The seeds are part of the binaries: build them again when a seed changes.

fn main() {
    println!("cargo:rerun-if-changed=seeds");
}
