//! The entries that a source lists: each is archived from the feed or from its own page, or excluded by a rule.
//!
//! A permanent failure to fetch a page is distinguished from a temporary one. In both cases the feed's own version of
//! the entry is archived; after a temporary failure the page is requested again with the next version of the feed.

use super::{
    outcome::PollError,
    rules::Rules,
    sitemap,
    source::{RemoteError, Source},
};
use crate::{
    archive::{Archive, EntryState, IngestError, IngestReport, Ingested, Outcome},
    article::{Defaults, Instant, RawDocument},
    fetch::{Answered, FetchError, PoliteClient},
    reading::{self, DocumentFormat, ReadError},
    store::DocumentRecord,
};
use futures::{StreamExt, TryStreamExt, stream};
use sha2::{Digest, Sha256};
use url::Url;

/// Maximum pages to fetch in one poll.
const PAGES: usize = 100;
/// Pages whose previous results are looked up concurrently.
const LOOKUPS: usize = 16;

/// Archives the entries of one poll.
pub struct Entries<'a> {
    archive: &'a Archive,
    web: &'a PoliteClient,
    source: &'a mut Source,
    rules: Rules,
    pages_left: usize,
    /// No page is requested after this time.
    until: tokio::time::Instant,
    /// Whether an entry created or revised an article.
    pub new: bool,
    /// Whether pages are left for the next poll.
    pub unfinished: bool,
    /// Why the whole list must be fetched again, whatever its validators say.
    pub again: Option<PollError>,
}

enum EntryPage {
    Ingested(Ingested),
    /// The page failed permanently.
    Never(RemoteError),
    /// The page failed temporarily.
    Later(RemoteError),
    /// The page was not requested: this poll's limit of pages or time is reached.
    NotAsked,
}

impl<'a> Entries<'a> {
    pub fn new(
        archive: &'a Archive,
        web: &'a PoliteClient,
        source: &'a mut Source,
        until: tokio::time::Instant,
    ) -> Result<Self, PollError> {
        // The rules were valid when they were set. If they no longer are, nothing is archived that they might exclude.
        let rules = Rules::compile(&source.settings.include, &source.settings.exclude)
            .map_err(|bad| PollError::new("invalid_rules", bad.first().map_or("", |setting| &setting.detail)))?;
        Ok(Self { archive, web, source, rules, pages_left: PAGES, until, new: false, unfinished: false, again: None })
    }

    pub async fn feed(&mut self, document: RawDocument) -> Result<(), PollError> {
        let kept = document.clone();
        let (mut feed, entries) = match self.archive.open_feed(document).await {
            Ok(opened) => opened,
            // A feed may be empty for a while.
            Err(IngestError::Unreadable(ReadError::NothingToRead)) => return Ok(()),
            Err(error) => {
                let reports = [IngestReport { entry: None, ingested: Err(error) }];
                self.archive.keep_failed(kept, false, &reports).await?;
                let [IngestReport { ingested, .. }] = reports;
                return ingested.map(|_| ()).map_err(PollError::from);
            }
        };
        let mut failed = Vec::new();
        for mut entry in entries {
            self.source.health.entries_seen += 1;
            if let EntryState::Read(draft) = &entry.state {
                let (url, title) = (draft.facts.url.clone(), draft.facts.headline.clone());
                if !self.rules.take(url.as_deref(), title.as_deref()) {
                    self.source.health.entries_left_out += 1;
                    continue;
                }
                let page = url.filter(|_| self.source.settings.full_text).and_then(|url| Url::parse(&url).ok());
                if let Some(page) = page {
                    match self.page(&page, self.source.settings.defaults()).await? {
                        EntryPage::Ingested(ingested) => {
                            self.archive.store().put_document(&entry.document_record(&ingested)).await?;
                            self.count(&ingested);
                            continue;
                        }
                        EntryPage::Never(error) => self.source.health.last_entry_error = Some(error),
                        EntryPage::Later(error) => {
                            self.source.health.last_entry_error = Some(error);
                            entry = entry.provisional();
                        }
                        EntryPage::NotAsked => {
                            self.unfinished = true;
                            continue;
                        }
                    }
                }
            }
            let report = self.archive.ingest_entry(&mut feed, entry).await;
            match &report.ingested {
                Ok(ingested) => self.count(ingested),
                Err(_) => failed.push(report),
            }
        }
        failed.extend(feed.left_out());
        self.archive.keep_failed(kept, false, &failed).await?;
        for IngestReport { entry, ingested } in failed {
            let Err(error) = ingested else { continue };
            tracing::warn!(source = self.source.id, entry, code = error.code(), "entry ingestion failed");
            self.failed(RemoteError::new(error.code(), &named(entry.as_deref(), &error.chain())));
            // A transient error is the archive's, not the entry's.
            if !error.is_permanent() {
                self.again = Some(error.into());
            }
        }
        Ok(())
    }

    pub async fn sitemap(&mut self, pages: Vec<sitemap::SitemapPage>) -> Result<(), PollError> {
        let archive = self.archive;
        let source = self.source.id.clone();
        let looked_up = stream::iter(pages).map(|page| {
            let version: String = hex::encode(&Sha256::digest(page.version())[..16]);
            // The same key as for a feed's entry that is identified by its link.
            let name = format!("{source}:#{}", page.url);
            async move {
                let previous = archive.previous_result(&name, &version).await?;
                Ok::<_, IngestError>((page, name, version, previous))
            }
        });
        let looked_up: Vec<_> = looked_up.buffered(LOOKUPS).try_collect().await?;
        for (page, name, version, previous) in looked_up {
            self.source.health.entries_seen += 1;
            if let Some(previous) = previous {
                self.count(&previous);
                continue;
            }
            let sitemap::SitemapPage { url, title, publisher, language, .. } = page;
            if !self.rules.take(Some(&url), title.as_deref()) {
                self.source.health.entries_left_out += 1;
                continue;
            }
            let digest = Sha256::digest(format!("{version} {url}"));
            let digest: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
            let Some(address) = Url::parse(&url).ok().filter(|_| !self.source.passed_over(&digest)) else { continue };
            let configured = self.source.settings.defaults().unwrap_or_default();
            let defaults = Defaults {
                publisher: configured.publisher.or(publisher),
                language: configured.language.or(language),
                country: configured.country,
            };
            match self.page(&address, defaults.non_empty()).await? {
                EntryPage::Ingested(ingested) => {
                    let (article, revision) = (ingested.id.clone(), ingested.revision);
                    let record = DocumentRecord { key: name, sha256: version, article, revision };
                    self.archive.store().put_document(&record).await?;
                    self.count(&ingested);
                }
                EntryPage::Never(error) => {
                    self.source.pass_over(digest);
                    self.failed(error);
                }
                // Unfinished polls drop their validators, so the next poll lists the page again.
                EntryPage::Later(error) => {
                    self.unfinished = true;
                    self.failed(error);
                }
                EntryPage::NotAsked => self.unfinished = true,
            }
        }
        Ok(())
    }

    async fn page(&mut self, url: &Url, defaults: Option<Defaults>) -> Result<EntryPage, PollError> {
        if self.pages_left == 0 || tokio::time::Instant::now() > self.until {
            return Ok(EntryPage::NotAsked);
        }
        self.pages_left -= 1;
        let fetched = match self.web.page(url).await {
            Ok(Answered::Page(fetched)) => fetched,
            Ok(Answered::Refused) => {
                let detail = named(Some(url.as_str()), "robots.txt disallows the page");
                return Ok(EntryPage::Never(RemoteError::new("robots", &detail)));
            }
            Ok(Answered::Unknown) => {
                let detail = named(Some(url.as_str()), "robots.txt cannot be fetched");
                return Ok(EntryPage::Later(RemoteError::new("robots", &detail)));
            }
            Err(error) => {
                let failure = RemoteError::new(error.code(), &named(Some(url.as_str()), &crate::logs::chain(&error)));
                let lasting = is_lasting(&error);
                return Ok(if lasting { EntryPage::Never(failure) } else { EntryPage::Later(failure) });
            }
        };
        let document = RawDocument {
            media_type: fetched.media_type,
            url: Some(fetched.url.to_string()),
            source: Some(self.source.id.clone()),
            defaults,
            ..RawDocument::new(fetched.content.unwrap_or_default(), fetched.at)
        };
        let ingested = match reading::form(&document) {
            Ok(DocumentFormat::Feed) => Err(ReadError::IsFeed.into()),
            _ => self.archive.ingest(document.clone()).await,
        };
        match ingested {
            Ok(ingested) => Ok(EntryPage::Ingested(ingested)),
            Err(error) if error.is_permanent() => {
                let failure = RemoteError::new(error.code(), &named(Some(url.as_str()), &error.chain()));
                let reports = [IngestReport { entry: None, ingested: Err(error) }];
                self.archive.keep_failed(document, false, &reports).await?;
                Ok(EntryPage::Never(failure))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn count(&mut self, ingested: &Ingested) {
        let is_new = matches!(ingested.outcome, Outcome::Created | Outcome::Revised);
        self.source.health.entries_ingested += u64::from(is_new);
        self.new |= is_new;
    }

    fn failed(&mut self, error: RemoteError) {
        self.source.health.entries_failed += 1;
        self.source.health.last_entry_error = Some(error);
    }
}

impl RemoteError {
    pub fn new(code: &str, detail: &str) -> Self {
        Self { at: Instant::now(), code: code.to_owned(), detail: detail.to_owned() }
    }
}

fn named(entry: Option<&str>, detail: &str) -> String {
    entry.map_or_else(|| detail.to_owned(), |entry| format!("{entry}: {detail}"))
}

/// Whether a repeated request would fail in the same way.
fn is_lasting(error: &FetchError) -> bool {
    match error {
        FetchError::Status { status, .. } => status.is_client_error() && status.as_u16() != 429,
        FetchError::BadUrl(_)
        | FetchError::RefusedAddress(_)
        | FetchError::TooManyRedirects
        | FetchError::BadRedirect(_)
        | FetchError::TooLarge => true,
        FetchError::Dns(_) | FetchError::Connect(_) | FetchError::Tls(_) | FetchError::Timeout => false,
        FetchError::Broken(_) => false,
    }
}
