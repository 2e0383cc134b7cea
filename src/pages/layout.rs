//! The frame of every page: the head, the search box, the ways to the other pages, and the same query in other formats.

use super::{assets, query::UrlQuery};
use crate::http::responses;
use axum::response::Response;
use http::{HeaderName, HeaderValue, StatusCode, header};
use maud::{DOCTYPE, Markup, html};

/// Nothing is loaded from elsewhere, and nothing in a page runs: all script is one file of this origin. An article may
/// contain anything, so this holds even where its text is escaped.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// The same for a page whose reader asked for the images of publishers.
const POLICY_WITH_IMAGES: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
                                  img-src 'self' https:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A page without its frame.
#[derive(Default)]
pub struct Page {
    pub title: String,
    /// The pages above this one.
    pub trail: Vec<(String, String)>,
    /// What the search box contains.
    pub query: UrlQuery,
    /// Where the same can be had in other formats: a name and a URL.
    pub formats: Vec<(&'static str, String)>,
    pub body: Markup,
    pub status: StatusCode,
    /// Whether images of publishers are loaded.
    pub with_images: bool,
}

const NAVIGATION: [(&str, &str); 7] = [
    ("/stories", "Stories"),
    ("/timeline", "Timeline"),
    ("/changes", "Changes"),
    ("/sources", "Sources"),
    ("/failures", "Failures"),
    ("/try", "Try a document"),
    ("/docs", "API"),
];

impl Page {
    pub fn new(title: impl Into<String>, body: Markup) -> Self {
        Self { title: title.into(), body, ..Self::default() }
    }

    pub fn under(mut self, name: impl Into<String>, path: impl Into<String>) -> Self {
        self.trail.push((name.into(), path.into()));
        self
    }

    pub fn with_json(mut self, path: impl Into<String>) -> Self {
        self.formats.push(("JSON", path.into()));
        self
    }

    /// The list of articles of a query, in the formats of lists.
    pub fn with_formats_of(self, query: &UrlQuery) -> Self {
        let mut page = self.with_json(query.at("/v1/articles"));
        let filters = query.without(&["cursor", "fields", "highlight", "limit"]);
        page.formats.push(("Atom", filters.at("/v1/feed.atom")));
        page.formats.push(("RSS", filters.at("/v1/feed.rss")));
        page.formats.push(("JSON Feed", filters.at("/v1/feed.json")));
        let filters = filters.without(&["collapse", "sort"]);
        page.formats.push(("CSV", filters.at("/v1/export.csv")));
        page.formats.push(("JSON Lines", filters.at("/v1/export.ndjson")));
        page
    }

    pub fn respond(self) -> Response {
        let policy = if self.with_images { POLICY_WITH_IMAGES } else { POLICY };
        let status = self.status;
        let mut response = responses::text("text/html; charset=utf-8", self.markup().into_string());
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
        // Other sites learn nothing. With `no-referrer`, browsers would hide the origin of our own forms from us too.
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin"));
        headers.insert(header::VARY, HeaderValue::from_static("accept"));
        response
    }

    fn markup(&self) -> Markup {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (self.title) @if self.title != "Dateline" { " – Dateline" } }
                    link rel="stylesheet" href=(assets::STYLE.url());
                    link rel="icon" href=(assets::ICON.url()) type="image/svg+xml";
                    script src=(assets::SCRIPT.url()) defer {}
                    @for (name, path) in self.formats.iter().filter(|(name, _)| *name == "Atom") {
                        link rel="alternate" type="application/atom+xml" title=(name) href=(path);
                    }
                }
                body {
                    a.skip href="#main" { "Skip to the content" }
                    header.top {
                        a.brand href="/" { "Dateline" }
                        (self.search())
                        nav aria-label="Pages" {
                            ul {
                                @for (path, name) in NAVIGATION {
                                    li { a href=(path) aria-current=[(self.is_within(path)).then_some("page")] { (name) } }
                                }
                            }
                        }
                    }
                    main id="main" {
                        @if !self.trail.is_empty() {
                            nav.trail aria-label="Breadcrumbs" {
                                ol { @for (name, path) in &self.trail { li { a href=(path) dir="auto" { (name) } } } }
                            }
                        }
                        (self.body)
                    }
                    footer {
                        @if !self.formats.is_empty() {
                            p.formats { "The same as " @for (at, (name, path)) in self.formats.iter().enumerate() {
                                @if at > 0 { " · " }
                                a href=(path) { (name) }
                            } }
                        }
                        p { "Every fact here has its place in a raw document. What is not known is not filled in." }
                    }
                }
            }
        }
    }

    /// The search box. It keeps the filters of a search and drops its position.
    fn search(&self) -> Markup {
        html! {
            form.search action="/" method="get" role="search" {
                label.hidden for="q" { "Search the archive" }
                input id="q" name="q" type="search" value=[self.query.get("q")] placeholder="Search the archive"
                    autocomplete="off" list="suggestions" enterkeyhint="search";
                datalist id="suggestions" {}
                @for (name, value) in self.query.without(&["q", "cursor"]).pairs() {
                    input type="hidden" name=(name) value=(value);
                }
                button type="submit" { "Search" }
            }
        }
    }

    fn is_within(&self, path: &str) -> bool {
        self.trail.iter().any(|(_, above)| above == path) || self.title == name_of(path)
    }
}

/// The title of a page of the navigation.
pub fn name_of(path: &str) -> &'static str {
    NAVIGATION.iter().find(|(known, _)| *known == path).map_or("Dateline", |(_, name)| name)
}
