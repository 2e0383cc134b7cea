use super::Page;
pub fn read(text: &str, _url: Option<&str>) -> Page { super::text::read(text) }
