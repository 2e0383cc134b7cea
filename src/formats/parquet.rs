//! Apache Parquet: a row an article, with the members and the nesting of its JSON.
//!
//! A row group has the articles of one month of the list, or of a part of it, so that a query for a month reads that
//! month alone. Times are in milliseconds, UTC. The rows are those of the JSON: a member without a column is an error,
//! not a loss.

use crate::article::Article;
use arrow_json::{ReaderBuilder, reader::Decoder};
use arrow_schema::{ArrowError, DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, ZstdLevel},
    errors::ParquetError,
    file::properties::WriterProperties,
};
use std::{io::Write, sync::Arc};

/// A row group ends at this size, as encoded so far, even within a month.
const ROW_GROUP_BYTES: usize = 32 * 1024 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum CannotWrite {
    #[error(transparent)]
    Arrow(#[from] ArrowError),
    #[error(transparent)]
    Parquet(#[from] ParquetError),
}

pub struct ParquetFile<W: Write + Send> {
    writer: ArrowWriter<W>,
    decoder: Decoder,
    /// The month of the rows in the current row group, `YYYY-MM`.
    month: String,
}

impl<W: Write + Send> ParquetFile<W> {
    pub fn new(output: W) -> Result<Self, CannotWrite> {
        let schema = schema();
        let zstd = Compression::ZSTD(ZstdLevel::default());
        let properties = WriterProperties::builder().set_compression(zstd).set_created_by(creator()).build();
        let writer = ArrowWriter::try_new(output, schema.clone(), Some(properties))?;
        let decoder = ReaderBuilder::new(schema).with_strict_mode(true).build_decoder()?;
        Ok(Self { writer, decoder, month: String::new() })
    }

    /// Adds articles, which are in the order of the list.
    pub fn write(&mut self, articles: &[Article]) -> Result<(), CannotWrite> {
        for of_month in articles.chunk_by(|a, b| month(a) == month(b)) {
            if self.month != month(&of_month[0]) {
                self.writer.flush()?;
                self.month = month(&of_month[0]);
            }
            self.decoder.serialize(of_month)?;
            if let Some(rows) = self.decoder.flush()? {
                self.writer.write(&rows)?;
            }
            if self.writer.in_progress_size() > ROW_GROUP_BYTES {
                self.writer.flush()?;
            }
        }
        Ok(())
    }

    /// Writes the end of the file, without which it cannot be read.
    pub fn finish(self) -> Result<W, CannotWrite> {
        Ok(self.writer.into_inner()?)
    }
}

fn month(article: &Article) -> String {
    article.listed_at().to_string()[..7].to_owned()
}

fn creator() -> String {
    format!("Dateline {}", env!("CARGO_PKG_VERSION"))
}

fn text(name: &str) -> Field {
    Field::new(name, DataType::Utf8, true)
}

fn number(name: &str) -> Field {
    Field::new(name, DataType::UInt32, true)
}

fn time(name: &str) -> Field {
    Field::new(name, DataType::Timestamp(TimeUnit::Millisecond, Some("+00:00".into())), true)
}

fn structure(name: &str, members: impl Into<Fields>) -> Field {
    Field::new(name, DataType::Struct(members.into()), true)
}

fn list(name: &str, element: Field) -> Field {
    Field::new(name, DataType::List(Arc::new(element.with_name("element"))), true)
}

fn place(name: &str) -> Field {
    structure(name, vec![text("id"), text("name"), text("country")])
}

fn span(name: &str) -> Field {
    structure(name, vec![text("field"), number("paragraph"), number("start"), number("end")])
}

fn schema() -> SchemaRef {
    let published = vec![
        time("at"),
        text("offset"),
        text("precision"),
        text("basis"),
        time("earliest"),
        time("latest"),
        text("reasoning"),
    ];
    let topic = vec![
        text("code"),
        text("label"),
        Field::new("score", DataType::Float64, true),
        list("because", text("element")),
    ];
    let entity = vec![
        text("id"),
        text("type"),
        text("name"),
        text("role"),
        text("country"),
        Field::new("strong", DataType::Boolean, true),
        list("mentions", span("element")),
    ];
    let quantity = vec![
        text("kind"),
        Field::new("value", DataType::Float64, true),
        text("currency"),
        text("counted"),
        text("text"),
        span("at"),
    ];
    let mentioned_date = vec![time("from"), time("to"), text("precision"), text("edtf"), text("text"), span("at")];
    let raw = vec![
        text("sha256"),
        Field::new("bytes", DataType::UInt64, true),
        text("media_type"),
        text("entry"),
        time("retrieved_at"),
        structure("defaults", vec![text("publisher"), text("language"), text("country")]),
    ];
    Arc::new(Schema::new(vec![
        Field::new("id", DataType::Utf8, false),
        number("revision"),
        text("story"),
        text("source"),
        time("first_seen_at"),
        time("changed_at"),
        structure("raw", raw),
        text("rules_version"),
        text("url"),
        text("headline"),
        text("deck"),
        structure("publisher", vec![text("id"), text("name"), text("domain")]),
        list("authors", structure("element", vec![text("name")])),
        text("agency"),
        structure("dateline", vec![text("text"), place("place")]),
        structure("published", published),
        time("modified_at"),
        text("language"),
        text("script"),
        number("word_count"),
        number("reading_seconds"),
        text("summary"),
        list("keywords", text("element")),
        text("image"),
        text("section"),
        Field::new("partial", DataType::Boolean, true),
        list("topics", structure("element", topic)),
        list("entities", structure("element", entity)),
        list("body", text("element")),
        list("quantities", structure("element", quantity)),
        list("mentioned_dates", structure("element", mentioned_date)),
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        article::{ArticleId, Head, Instant, RawDocument, RawSummary},
        reading,
    };
    use bytes::Bytes;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use serde_json::Value;

    const PAGE: &str = "<html lang=en><head><title>Ferry runs again</title><meta name=author content='Ana Moreno'>\
        <meta property=article:published_time content='2026-03-01T09:30:00+01:00'></head><body><article>\
        <h1>Ferry runs again</h1><p>LISBON: The ferry across the river ran again on Monday after a pause of two years, \
        the port authority said, and 1,200 people were on it.</p><p>The repair cost $7 million, Ana Costa of the port \
        authority said in Lisbon, and another one is planned for August 2027.</p></article></body></html>";

    fn article(number: u32, published: &str) -> Article {
        let content = PAGE.replace("2026-03-01T09:30:00+01:00", published);
        let seen = Instant::parse("2026-06-01").expect("a day");
        let document =
            RawDocument { media_type: Some("text/html".to_owned()), ..RawDocument::new(content.into(), seen) };
        let draft = reading::read(&document).expect("a page");
        let raw = RawSummary {
            sha256: document.sha256(),
            bytes: document.content.len() as u64,
            media_type: draft.media_type,
            entry: None,
            retrieved_at: seen,
            defaults: None,
        };
        let id = ArticleId::of_identity(&format!("url:https://news.example/{number}"));
        let head = Head {
            id: id.clone(),
            revision: number,
            story: id,
            source: None,
            first_seen_at: seen,
            changed_at: seen,
            raw,
            rules_version: "1".to_owned(),
        };
        Article { head, facts: draft.facts, detail: draft.detail }
    }

    /// Removes what the reader writes in another form: absent members, and times.
    fn comparable(value: Value) -> Value {
        match value {
            Value::Object(members) => {
                let present = members.into_iter().filter(|(_, value)| !value.is_null());
                let mut members: Vec<_> = present.map(|(name, value)| (name, comparable(value))).collect();
                members.sort_by(|a, b| a.0.cmp(&b.0));
                Value::Object(members.into_iter().collect())
            }
            Value::Array(elements) => elements.into_iter().map(comparable).collect(),
            Value::Number(number) => serde_json::json!(number.as_f64()),
            Value::String(text) => match Instant::parse(&text) {
                Ok(at) => Value::String(at.to_string()),
                Err(_) => Value::String(text),
            },
            value => value,
        }
    }

    #[test]
    fn every_member_is_read_back_and_a_month_is_a_row_group() {
        let days = ["2026-03-02", "2026-03-01", "2026-02-01"];
        let articles: Vec<Article> =
            (1..).zip(days).map(|(number, day)| article(number, &format!("{day}T09:30:00+01:00"))).collect();
        let full = &articles[0];
        assert!(!full.facts.entities.is_empty() && !full.detail.quantities.is_empty(), "{full:?}");
        assert!(!full.detail.mentioned_dates.is_empty() && full.facts.dateline.is_some(), "{full:?}");
        let mut file = ParquetFile::new(Vec::new()).expect("a file");
        file.write(&articles[..1]).expect("a batch");
        file.write(&articles[1..]).expect("a batch");
        let bytes = Bytes::from(file.finish().expect("the end"));
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).expect("a Parquet file");
        let groups = reader.metadata().row_groups().iter().map(|group| group.num_rows());
        assert_eq!(groups.collect::<Vec<_>>(), [2, 1]);
        let mut lines = arrow_json::LineDelimitedWriter::new(Vec::new());
        for rows in reader.build().expect("a reader") {
            lines.write(&rows.expect("rows")).expect("lines");
        }
        lines.finish().expect("the end");
        let lines = String::from_utf8(lines.into_inner()).expect("text");
        let read = lines.lines().map(|line| comparable(serde_json::from_str(line).expect("JSON")));
        let written = articles.iter().map(|article| comparable(serde_json::to_value(article).expect("JSON")));
        assert_eq!(read.collect::<Vec<_>>(), written.collect::<Vec<_>>());
    }
}
