//! `dateline export`: every article that matches, as JSON Lines, CSV or Parquet.
//!
//! A file is continued where a killed export left it. A Parquet file can only be written from its beginning, so its
//! articles are collected as JSON Lines first, and converted at the end.

use super::{ArchiveLocation, CommandError};
use crate::{
    article::Article,
    export::{
        Export, ExportQuery,
        file::{ExportFile, beside},
        increment::Increment,
    },
    formats::{csv, parquet::ParquetFile},
    json::to_json,
    query::{ListQuery, change_token},
    search::{Search, indexer::Indexer},
};
use clap::{Args, ValueEnum};
use std::{
    fs::File,
    io::{self, BufRead, BufReader, Write, stdout},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

#[derive(Clone, Debug, Args)]
pub struct ExportOptions {
    /// The file to write; default: standard output. A killed export continues it
    #[arg(value_name = "FILE")]
    output: Option<PathBuf>,
    /// The format; default: that of the file's extension, else ndjson
    #[arg(long, value_enum)]
    format: Option<ExportFormat>,
    /// Query parameters of GET /v1/export.ndjson: `country=PT&published_from=2025-01-01`
    #[arg(long, value_name = "QUERY", default_value = "")]
    filter: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ExportFormat {
    Ndjson,
    Csv,
    Parquet,
}

/// Articles that are converted to Parquet at once.
const CONVERTED: usize = 100;
/// Time limit for indexing new changes before an export with a text query.
const INDEXING: Duration = Duration::from_secs(60);

pub async fn run(options: ExportOptions, location: ArchiveLocation) -> Result<ExitCode, CommandError> {
    let format = options.format()?;
    let pairs: Vec<(String, String)> = form_urlencoded::parse(options.filter.as_bytes()).into_owned().collect();
    let mut request = ExportQuery::parse(&pairs).map_err(CommandError::parameters)?;
    let open = location.open().await?;
    if request.articles.text.is_some() {
        Indexer::new(open.store.clone()).run(INDEXING).await?;
    }
    if let Some(since) = request.since {
        if format != ExportFormat::Ndjson || options.output.is_some() {
            let detail = "expected --format ndjson on standard output with since: rows cannot say what was removed";
            return Err(CommandError::Other(detail.to_owned()));
        }
        return print_increment(Increment::new(open.store.clone(), request.articles.filter, since)).await;
    }
    let continues = request.continues();
    if let Some((id, revision)) = &request.after {
        let position = crate::export::position_of(&open.store, id, *revision).await?;
        let unknown = || CommandError::Other(format!("after: expected a stored revision, found {id}:{revision}"));
        request.articles.after = Some(position.ok_or_else(unknown)?);
    }
    let search = Search::new(open.store.clone());
    match options.output {
        None => print(Export::new(search, request.articles), format, !continues).await,
        Some(output) => {
            let named = format!("{format:?} {} of {location:?}", options.filter);
            write_file(search, request.articles, format, &output, &named).await
        }
    }
}

impl ExportOptions {
    fn format(&self) -> Result<ExportFormat, CommandError> {
        let extension = self.output.as_deref().and_then(Path::extension).and_then(|extension| extension.to_str());
        let by_extension = match extension {
            Some("csv") => ExportFormat::Csv,
            Some("parquet") => ExportFormat::Parquet,
            _ => ExportFormat::Ndjson,
        };
        let format = self.format.unwrap_or(by_extension);
        if format == ExportFormat::Parquet && self.output.is_none() {
            return Err(CommandError::Other("expected a FILE for Parquet".to_owned()));
        }
        Ok(format)
    }
}

/// `first`: whether these are the first rows.
fn rows(articles: &[Article], format: ExportFormat, first: bool) -> Vec<u8> {
    match format {
        ExportFormat::Csv => csv::write(articles, first),
        // Parquet is made from these lines.
        ExportFormat::Ndjson | ExportFormat::Parquet => {
            articles.iter().flat_map(|article| to_json(article).into_bytes().into_iter().chain([b'\n'])).collect()
        }
    }
}

async fn print(mut export: Export, format: ExportFormat, mut first: bool) -> Result<ExitCode, CommandError> {
    while let Some(articles) = export.next().await? {
        let rows = rows(&articles, format, first);
        first = false;
        if !print_bytes(&rows)? {
            break;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn print_increment(mut increment: Increment) -> Result<ExitCode, CommandError> {
    while let Some(lines) = increment.next().await? {
        let lines: String = lines.iter().map(|line| to_json(line) + "\n").collect();
        if !print_bytes(lines.as_bytes())? {
            return Ok(ExitCode::SUCCESS);
        }
    }
    let end = serde_json::json!({"since": change_token::write(increment.position()), "more": false});
    print_bytes(format!("{end}\n").as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// Returns false if the reader left.
fn print_bytes(bytes: &[u8]) -> Result<bool, CommandError> {
    match stdout().lock().write_all(bytes) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(CommandError::io("standard output")(error)),
    }
}

async fn write_file(
    search: Search,
    mut query: ListQuery,
    format: ExportFormat,
    output: &Path,
    request: &str,
) -> Result<ExitCode, CommandError> {
    let name = output.display().to_string();
    let mut file =
        ExportFile::open(output, request).map_err(|error| CommandError::Other(crate::logs::chain(&error)))?;
    if let Some(cursor) = file.cursor() {
        let position = crate::query::cursor::read(cursor, &query.fingerprint());
        query.after = Some(position.map_err(|error| CommandError::Other(error.to_string()))?.0);
        anstream::eprintln!("{name}: continues after {} articles", file.articles());
    }
    let mut export = Export::new(search, query);
    while !file.is_complete() {
        let Some(articles) = export.next().await? else { break };
        let rows = rows(&articles, format, file.is_empty());
        let cursor = export.cursor().filter(|_| !export.has_ended());
        file.append(&rows, articles.len(), cursor).map_err(CommandError::io(&name))?;
    }
    let articles = file.articles();
    if format == ExportFormat::Parquet {
        let made = beside(output, "parquet-new");
        convert(file.read().map_err(CommandError::io(&name))?, &made)?;
        file.finish_as(&made).map_err(CommandError::io(&name))?;
    } else {
        file.finish().map_err(CommandError::io(&name))?;
    }
    anstream::eprintln!("{name}: {articles} articles");
    Ok(ExitCode::SUCCESS)
}

/// Converts JSON Lines to Parquet.
fn convert(lines: File, path: &Path) -> Result<(), CommandError> {
    let failed =
        |error: crate::formats::parquet::CannotWrite| CommandError::Other(format!("{}: {error}", path.display()));
    let read = || CommandError::io("the articles so far");
    let output = File::create(path).map_err(CommandError::io(path.display().to_string()))?;
    let mut parquet = ParquetFile::new(output).map_err(failed)?;
    let mut batch = Vec::with_capacity(CONVERTED);
    for line in BufReader::new(lines).lines() {
        let article = serde_json::from_str(&line.map_err(read())?);
        batch.push(article.map_err(|error| read()(error.into()))?);
        if batch.len() == CONVERTED {
            parquet.write(&batch).map_err(failed)?;
            batch.clear();
        }
    }
    parquet.write(&batch).map_err(failed)?;
    let output = parquet.finish().map_err(failed)?;
    output.sync_all().map_err(CommandError::io(path.display().to_string()))
}
