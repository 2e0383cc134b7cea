//! What becomes of the entries that a source lists: archived from the feed, or from their own pages, or left out by a rule.
//!
//! A page that cannot be had is told apart from one that cannot be had now. Of a feed's entry there is still what the feed
//! has of it, which is archived; its page is asked for again with the next version of the feed, if there is hope.

use super::{
    fetch::FetchError,
    outcome::Failed,
    rules::Rules,
    sitemap,
    source::{RemoteError, Source},
    web::{Answered, Web},
};
use crate::{
    archive::{Archive, EntryState, IngestError, Ingested, Outcome, Taken},
    article::{Defaults, Instant, RawDocument},
    reading::{self, Form, ReadError},
    store::DocumentRecord,
};
use futures::{StreamExt, TryStreamExt, stream};
use sha2::{Digest, Sha256};
use url::Url;

/// Pages that are fetched in one poll.
const PAGES: usize = 100;
/// Pages that are looked up at once.
const LOOKUPS: usize = 16;

/// Takes the entries of one poll.
pub struct Entries<'a> {
    archive: &'a Archive,
    web: &'a Web,
    source: &'a mut Source,
    rules: Rules,
    pages_left: usize,
    /// No page is begun after this.
    until: tokio::time::Instant,
    /// Whether an entry made an article or revised one.
    pub new: bool,
    /// Pages are left for the next poll.
    pub unfinished: bool,
    /// Why the whole is to be asked for again, whatever its validators say.
    pub again: Option<Failed>,
}

enum Fetched {
    Taken(Ingested),
    /// It cannot be had, and why.
    Never(RemoteError),
    /// Not now.
    Later(RemoteError),
    /// There was no time for it.
    NotAsked,
}

impl<'a> Entries<'a> {
    pub fn new(
        archive: &'a Archive,
        web: &'a Web,
        source: &'a mut Source,
        until: tokio::time::Instant,
    ) -> Result<Self, Failed> {
        // They were legal when they were set; if they no longer are, nothing is taken that they may leave out.
        let rules = Rules::compile(&source.settings.include, &source.settings.exclude)
            .map_err(|bad| Failed::new("invalid_rules", bad.first().map_or("", |it| &it.detail)))?;
        Ok(Self { archive, web, source, rules, pages_left: PAGES, until, new: false, unfinished: false, again: None })
    }

    pub async fn feed(&mut self, document: RawDocument) -> Result<(), Failed> {
        let kept = document.clone();
        let (mut feed, entries) = match self.archive.open_feed(document).await {
            Ok(opened) => opened,
            // It may be without entries for a while.
            Err(IngestError::Unreadable(ReadError::NothingToRead)) => return Ok(()),
            Err(error) => {
                let taken = [Taken { entry: None, ingested: Err(error) }];
                self.archive.keep_failed(kept, false, &taken).await?;
                let [Taken { ingested, .. }] = taken;
                return ingested.map(|_| ()).map_err(Failed::from);
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
                let page = url.filter(|_| self.source.settings.full_text).and_then(|it| Url::parse(&it).ok());
                if let Some(page) = page {
                    match self.page(&page, self.source.settings.defaults()).await? {
                        Fetched::Taken(ingested) => {
                            self.archive.store().put_document(&entry.document_record(&ingested)).await?;
                            self.count(&ingested);
                            continue;
                        }
                        Fetched::Never(error) => self.source.health.last_entry_error = Some(error),
                        Fetched::Later(error) => {
                            self.source.health.last_entry_error = Some(error);
                            entry = entry.provisional();
                        }
                        Fetched::NotAsked => {
                            self.unfinished = true;
                            continue;
                        }
                    }
                }
            }
            let taken = self.archive.take_entry(&mut feed, entry).await;
            match &taken.ingested {
                Ok(ingested) => self.count(ingested),
                Err(_) => failed.push(taken),
            }
        }
        failed.extend(feed.left_out());
        self.archive.keep_failed(kept, false, &failed).await?;
        for Taken { entry, ingested } in failed {
            let Err(error) = ingested else { continue };
            tracing::warn!(source = self.source.id, entry, code = error.code(), "an entry failed");
            self.failed(RemoteError::new(error.code(), &named(entry.as_deref(), &error.chain())));
            // The archive, and not the entry, is at fault.
            if !error.is_the_documents() {
                self.again = Some(error.into());
            }
        }
        Ok(())
    }

    pub async fn sitemap(&mut self, pages: Vec<sitemap::Page>) -> Result<(), Failed> {
        let archive = self.archive;
        let source = self.source.id.clone();
        let looked_up = stream::iter(pages).map(|page| {
            let version: String =
                Sha256::digest(page.version()).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
            // As a feed's entry is called that goes by its link.
            let name = format!("{source}:#{}", page.url);
            async move {
                let known = archive.known(&name, &version).await?;
                Ok::<_, IngestError>((page, name, version, known))
            }
        });
        let looked_up: Vec<_> = looked_up.buffered(LOOKUPS).try_collect().await?;
        for (page, name, version, known) in looked_up {
            self.source.health.entries_seen += 1;
            if let Some(known) = known {
                self.count(&known);
                continue;
            }
            let sitemap::Page { url, title, publisher, language, .. } = page;
            if !self.rules.take(Some(&url), title.as_deref()) {
                self.source.health.entries_left_out += 1;
                continue;
            }
            let told = format!("{version} {url}");
            let told: String = Sha256::digest(told).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
            let Some(address) = Url::parse(&url).ok().filter(|_| !self.source.passed_over(&told)) else { continue };
            let said = self.source.settings.defaults().unwrap_or_default();
            let defaults = Defaults {
                publisher: said.publisher.or(publisher),
                language: said.language.or(language),
                country: said.country,
            };
            match self.page(&address, defaults.said()).await? {
                Fetched::Taken(of) => {
                    let (article, revision) = (of.id.clone(), of.revision);
                    let record = DocumentRecord { key: name, sha256: version, article, revision };
                    self.archive.store().put_document(&record).await?;
                    self.count(&of);
                }
                Fetched::Never(error) => {
                    self.source.pass_over(told);
                    self.failed(error);
                }
                // Without validators it is in the next poll's list again.
                Fetched::Later(error) => {
                    self.unfinished = true;
                    self.failed(error);
                }
                Fetched::NotAsked => self.unfinished = true,
            }
        }
        Ok(())
    }

    async fn page(&mut self, url: &Url, defaults: Option<Defaults>) -> Result<Fetched, Failed> {
        if self.pages_left == 0 || tokio::time::Instant::now() > self.until {
            return Ok(Fetched::NotAsked);
        }
        self.pages_left -= 1;
        let fetched = match self.web.page(url).await {
            Ok(Answered::Page(fetched)) => fetched,
            Ok(Answered::Refused) => {
                let told = named(Some(url.as_str()), "its site asks robots to stay away");
                return Ok(Fetched::Never(RemoteError::new("robots", &told)));
            }
            Ok(Answered::Unknown) => {
                let told = named(Some(url.as_str()), "its site's robots.txt cannot be had");
                return Ok(Fetched::Later(RemoteError::new("robots", &told)));
            }
            Err(error) => {
                let told = RemoteError::new(error.code(), &named(Some(url.as_str()), &crate::logs::chain(&error)));
                return Ok(if is_for_good(&error) { Fetched::Never(told) } else { Fetched::Later(told) });
            }
        };
        let document = RawDocument {
            content: fetched.content.unwrap_or_default(),
            media_type: fetched.media_type,
            key: None,
            url: Some(fetched.url.to_string()),
            source: Some(self.source.id.clone()),
            defaults,
            retrieved_at: fetched.at,
        };
        let ingested = match reading::form(&document) {
            Ok(Form::Feed) => Err(ReadError::IsFeed.into()),
            _ => self.archive.ingest(document.clone()).await,
        };
        match ingested {
            Ok(ingested) => Ok(Fetched::Taken(ingested)),
            Err(error) if error.is_the_documents() => {
                let told = RemoteError::new(error.code(), &named(Some(url.as_str()), &error.chain()));
                let taken = [Taken { entry: None, ingested: Err(error) }];
                self.archive.keep_failed(document, false, &taken).await?;
                Ok(Fetched::Never(told))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn count(&mut self, ingested: &Ingested) {
        let made = matches!(ingested.outcome, Outcome::Created | Outcome::Revised);
        self.source.health.entries_ingested += u64::from(made);
        self.new |= made;
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
    entry.map_or_else(|| detail.to_owned(), |it| format!("{it}: {detail}"))
}

/// Whether asking again would bring the same.
fn is_for_good(error: &FetchError) -> bool {
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
