//! SQLite's full-text search, for comparison: the same articles, the same queries.
//!
//! Set up as it is used well: the texts are not stored a second time, diacritics are ignored, and facets are rows of a
//! table whose primary key serves the queries.

use dateline::{
    article::{Article, Facet, FacetValue},
    cli::CommandError,
};
use rusqlite::{Connection, params};
use std::path::Path;

pub struct Sqlite(Connection);

const SCHEMA: &str = "
    PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
    CREATE VIRTUAL TABLE words USING fts5(headline, deck, body, content = '', tokenize = 'unicode61 remove_diacritics 2');
    CREATE TABLE articles (number INTEGER PRIMARY KEY, listed INTEGER NOT NULL, id TEXT NOT NULL);
    CREATE TABLE facets (number INTEGER, field INTEGER, value TEXT, PRIMARY KEY (number, field, value)) WITHOUT ROWID;
";

impl Sqlite {
    pub fn create(file: &Path) -> Result<Self, CommandError> {
        let connection = Connection::open(file).map_err(failure)?;
        connection.execute_batch(SCHEMA).map_err(failure)?;
        Ok(Self(connection))
    }

    pub fn add(&mut self, articles: &[Article]) -> Result<(), CommandError> {
        let transaction = self.0.transaction().map_err(failure)?;
        for article in articles {
            let listed = article.listed_at().timestamp().as_millisecond();
            let mut insert =
                transaction.prepare_cached("INSERT INTO articles (listed, id) VALUES (?, ?)").map_err(failure)?;
            let number = insert.insert(params![listed, article.head.id.as_str()]).map_err(failure)?;
            let mut insert = transaction
                .prepare_cached("INSERT INTO words (rowid, headline, deck, body) VALUES (?, ?, ?, ?)")
                .map_err(failure)?;
            let body = article.detail.body.join("\n");
            insert.execute(params![number, article.facts.headline, article.facts.deck, body]).map_err(failure)?;
            let mut insert = transaction.prepare_cached("INSERT INTO facets VALUES (?, ?, ?)").map_err(failure)?;
            for value in FacetValue::of(article) {
                insert.execute(params![number, value.facet as i64, value.value]).map_err(failure)?;
            }
        }
        transaction.commit().map_err(failure)
    }

    pub fn finish(&self) -> Result<(), CommandError> {
        let finish = "INSERT INTO words (words) VALUES ('optimize'); PRAGMA wal_checkpoint(TRUNCATE); VACUUM;";
        self.0.execute_batch(finish).map_err(failure)
    }

    /// Runs a query: reads the first twenty ids and the facet counts, and returns the number of matches.
    pub fn ask(&self, question: &str, by_relevance: bool, facets: &[Facet]) -> Result<u64, CommandError> {
        let order = if by_relevance { "rank" } else { "listed DESC" };
        let first = format!(
            "SELECT id FROM words JOIN articles ON number = words.rowid WHERE words MATCH ? ORDER BY {order} LIMIT 20"
        );
        let mut first = self.0.prepare_cached(&first).map_err(failure)?;
        let ids = first.query_map([question], |row| row.get::<_, String>(0)).map_err(failure)?;
        ids.collect::<Result<Vec<_>, _>>().map_err(failure)?;
        for facet in facets {
            let counts = "SELECT value, count(*) FROM words JOIN facets ON number = words.rowid \
                          WHERE words MATCH ? AND field = ? GROUP BY value";
            let mut counts = self.0.prepare_cached(counts).map_err(failure)?;
            let values = counts
                .query_map(params![question, *facet as i64], |row| {
                    Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))
                })
                .map_err(failure)?;
            values.collect::<Result<Vec<_>, _>>().map_err(failure)?;
        }
        let total = "SELECT count(*) FROM words WHERE words MATCH ?";
        let mut total = self.0.prepare_cached(total).map_err(failure)?;
        total.query_row([question], |row| row.get::<_, i64>(0)).map(|total| total.unsigned_abs()).map_err(failure)
    }
}

fn failure(error: rusqlite::Error) -> CommandError {
    CommandError::Other(format!("SQLite: {error}"))
}
