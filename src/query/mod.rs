//! Lists of articles: what a request may ask for ([`parameters`], [`text`]; of counts, [`counting`]), what that means ([`filter`]), where a walk stands
//! ([`cursor`]; in the change feed, [`feed_token`]), how a page is found with few reads ([`plan`]), what stories say of it
//! ([`stories`]), and how it was before ([`as_of`]).

mod as_of;
mod counting;
pub mod cursor;
pub mod feed_token;
pub mod filter;
pub mod parameters;
pub mod plan;
mod stories;
mod text;

pub use counting::{BUCKETS_MAX, FacetQuery, Interval, TimelineQuery};
pub use cursor::Rank;
pub use filter::{Clause, Filter, Range, StoryClause};
pub use parameters::{BadParameter, ListQuery, Sort};
pub use plan::{Page, page};
pub use stories::Members;
pub use text::{BadText, Form, Leaf, MOVES_MAX, Text, TextField};
