//! Exports: everything that matches a filter, a batch at a time, in bounded memory.
//!
//! | file | decides |
//! | --- | --- |
//! | here | the request, and the walk over all articles |
//! | [`increment`] | what changed since a token |
//! | `file` | a file that a killed export continues (feature `local`) |
//!
//! Articles come in the order of the default list, newest first, so an export can continue after any of them.

#[cfg(feature = "local")]
pub mod file;
pub mod increment;

use crate::{
    article::{Article, ArticleId},
    limits::PAGE_MAX,
    query::{BadParameter, ListQuery, PageItem, ParameterReader, change_token, parameters::filter_names},
    search::{Search, SearchError},
    store::{ChangePosition, ListPosition, Store, StoreError},
};

/// What to export.
#[derive(Clone, Debug)]
pub struct ExportQuery {
    pub articles: ListQuery,
    /// The row after which the export continues: an article and its revision.
    pub after: Option<(ArticleId, u32)>,
    /// Only what changed since this position.
    pub since: Option<ChangePosition>,
}

/// Returns the names of all parameters of an export.
pub fn parameter_names() -> impl Iterator<Item = &'static str> {
    filter_names().chain(["as_of", "after", "cursor", "since"])
}

impl ExportQuery {
    /// Whether the export continues an earlier one.
    pub fn continues(&self) -> bool {
        self.after.is_some() || self.articles.after.is_some()
    }

    /// Parses the pairs of a query string.
    pub fn parse(pairs: &[(String, String)]) -> Result<Self, Vec<BadParameter>> {
        let mut params = ParameterReader::new(pairs, &parameter_names().collect::<Vec<_>>());
        let after = params.once("after").and_then(|given| {
            let row = given
                .split_once(':')
                .and_then(|(id, revision)| Some((ArticleId::parse(id).ok()?, revision.parse().ok()?)));
            if row.is_none() {
                params.refuse(
                    "after",
                    format!("expected the id and the revision of a row, ID:REVISION, found {given:?}"),
                );
            }
            row
        });
        let since = params.once("since").and_then(|token| {
            change_token::read(token).map_err(|error| params.refuse("since", error.to_string())).ok()
        });
        if since.is_some() {
            for name in ["as_of", "after", "cursor", "q", "story"] {
                if params.once(name).is_some() {
                    params.refuse(name, "expected without since: an increment has current articles".to_owned());
                }
            }
        }
        if after.is_some() && params.once("cursor").is_some() {
            params.refuse("cursor", "expected without after: both say where the export continues".to_owned());
        }
        let bad = params.finish(()).err().unwrap_or_default();
        let is_of_list = |name: &str| matches!(name, "as_of" | "cursor") || filter_names().any(|filter| filter == name);
        let of_list: Vec<_> = pairs.iter().filter(|(name, _)| is_of_list(name)).cloned().collect();
        match ListQuery::parse(&of_list) {
            Ok(articles) if bad.is_empty() => {
                Ok(Self { articles: ListQuery { limit: PAGE_MAX, needs_article: true, ..articles }, after, since })
            }
            Ok(_) => Err(bad),
            Err(more) => Err(bad.into_iter().chain(more).collect()),
        }
    }
}

/// A walk over all articles that match.
pub struct Export {
    search: Search,
    query: ListQuery,
    ended: bool,
}

impl Export {
    pub fn new(search: Search, query: ListQuery) -> Self {
        Self { search, query, ended: false }
    }

    /// Returns the next articles, `None` at the end. A batch may be empty.
    pub async fn next(&mut self) -> Result<Option<Vec<Article>>, SearchError> {
        if self.ended {
            return Ok(None);
        }
        let (page, _) = self.search.list(&self.query).await?;
        self.ended = page.next.is_none();
        if page.next.is_some() {
            self.query.after = page.next;
        }
        let articles = page.cards.into_iter().filter_map(|(_, item)| match item {
            PageItem::Article(article) => Some(*article),
            PageItem::Card(_) => None,
        });
        Ok(Some(articles.collect()))
    }

    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// Returns the cursor that continues after the articles so far.
    pub fn cursor(&self) -> Option<String> {
        self.query.after.as_ref().map(|position| self.query.cursor(position, None))
    }
}

/// Returns the position that a row has in the list, as it was exported: whatever happened to the article since, nothing
/// is skipped or repeated. `None` if there is no such revision, or it was purged.
pub async fn position_of(store: &Store, id: &ArticleId, revision: u32) -> Result<Option<ListPosition>, StoreError> {
    let stored = store.revision(id, revision).await?.and_then(|(_, article)| article);
    Ok(stored.map(|(article, _)| ListPosition { at: article.listed_at(), id: id.clone() }))
}
