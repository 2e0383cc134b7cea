//! Lists of articles: the parameters of a request ([`parameters`], [`text_query`]; of counts, [`aggregations`]), which
//! articles match ([`filter`]), the position of a page ([`cursor`]; in the change log, [`change_token`]), how a page is
//! found with few reads ([`plan`]), the stories in a list ([`stories`]), and lists as of an earlier time ([`as_of`]).

mod aggregations;
mod as_of;
mod candidates;
pub mod change_token;
pub mod collapse;
pub mod cursor;
pub mod filter;
mod list_query;
pub mod page;
pub mod parameters;
pub mod plan;
mod stories;
mod text_query;

pub use aggregations::{FacetQuery, Interval, TimelineQuery};
pub use cursor::Rank;
pub use filter::{Clause, Filter, Range, StoryClause};
pub use list_query::{ARTICLE_FIELDS, CARD_FIELDS, ListQuery, Sort};
pub use parameters::{BadParameter, ParameterReader};

pub use page::{ArticlePage, PageItem};
pub use plan::page;
pub use stories::Members;
pub use text_query::{BadText, Leaf, QueryField, TermForm, TextQuery};
