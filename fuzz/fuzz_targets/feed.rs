#![no_main]

mod law;

libfuzzer_sys::fuzz_target!(|content: &[u8]| law::holds("application/rss+xml", content));
