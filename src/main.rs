//! The `dateline` command.

fn main() {
    eprintln!("dateline: serving is not built yet");
    std::process::exit(1);
}
