//! The property that every document must satisfy, whatever its bytes: it is refused with an error code, or its pieces
//! add up to the document and its spans lie within it; and reading it twice gives the same result.

use dateline::{
    archive::previews,
    article::{Instant, RawDocument},
    reading,
};

pub fn holds(media_type: &str, content: &[u8]) {
    let document = RawDocument {
        media_type: Some(media_type.to_owned()),
        key: Some("fuzz".to_owned()),
        url: Some("https://news.example/a/b".to_owned()),
        ..RawDocument::new(content.to_vec(), Instant::parse("2025-05-01").expect("a valid date"))
    };
    let read = previews(&document);
    for (article, evidence) in read.iter().flatten() {
        let text = reading::decode(&document).expect("decoded by `previews` above").text;
        let mut at = 0;
        for piece in &evidence.pieces {
            assert_eq!(piece.start, at, "pieces are contiguous");
            assert!(text.get(piece.start..piece.end).is_some_and(|piece| !piece.is_empty()), "a piece is not empty");
            at = piece.end;
        }
        assert_eq!(at, text.len(), "the pieces cover the whole document");
        for field in &evidence.fields {
            for span in &field.spans {
                assert!(text.get(span.start..span.end).is_some(), "{}: a span lies within the document", field.field);
            }
        }
        serde_json::to_string(article).expect("an article serialises to JSON");
    }
    let outcomes = |read: &[Result<_, dateline::archive::IngestError>]| -> Vec<String> {
        let outcome = |result: &Result<_, dateline::archive::IngestError>| match result {
            Ok(read) => serde_json::to_string(read).expect("JSON"),
            Err(error) => error.code().to_owned(),
        };
        read.iter().map(outcome).collect()
    };
    assert_eq!(outcomes(&read), outcomes(&previews(&document)), "the same bytes give the same result");
}
