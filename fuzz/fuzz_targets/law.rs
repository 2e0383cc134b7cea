//! What holds of every document, whatever its bytes: it is refused by name, or its evidence is the document and its spans
//! lie within it; and it is read the same way twice.

use dateline::{
    archive::previews,
    article::{Instant, RawDocument},
    reading,
};

pub fn holds(media_type: &str, content: &[u8]) {
    let document = RawDocument {
        content: content.to_vec(),
        media_type: Some(media_type.to_owned()),
        key: Some("fuzz".to_owned()),
        url: Some("https://news.example/a/b".to_owned()),
        source: None,
        defaults: None,
        retrieved_at: Instant::parse("2025-05-01").expect("a day"),
    };
    let read = previews(&document);
    for (article, evidence) in read.iter().flatten() {
        let text = reading::decode(&document).expect("it was decoded before").text;
        let mut at = 0;
        for piece in &evidence.pieces {
            assert_eq!(piece.start, at, "the pieces follow one another");
            assert!(text.get(piece.start..piece.end).is_some_and(|it| !it.is_empty()), "a piece is text");
            at = piece.end;
        }
        assert_eq!(at, text.len(), "the pieces are the document");
        for field in &evidence.fields {
            for span in &field.spans {
                assert!(text.get(span.start..span.end).is_some(), "{}: a span lies within the document", field.field);
            }
        }
        serde_json::to_string(article).expect("an article is JSON");
    }
    let said = |read: &[Result<_, dateline::archive::IngestError>]| -> Vec<String> {
        let one = |it: &Result<_, dateline::archive::IngestError>| match it {
            Ok(read) => serde_json::to_string(read).expect("JSON"),
            Err(error) => error.code().to_owned(),
        };
        read.iter().map(one).collect()
    };
    assert_eq!(said(&read), said(&previews(&document)), "the same bytes are read the same way");
}
