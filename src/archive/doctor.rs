//! The doctor: checks the table and the objects of an archive against each other, and repairs what can be derived.
//!
//! One scan reads every item. It collects a 64-bit hash of each key that an item implies and of each key that exists, and
//! compares the two sets. Only if they differ does a second scan name the items, and it reads each again before it counts
//! as a fault, because a write during the first scan is not a fault.

use super::Archive;
use crate::article::{ArticleId, Instant};
use crate::store::{InspectedItem, ItemKey, ReferredObject, Store, StoreError};
use sha2::{Digest, Sha256};
use siphasher::sip::SipHasher13;
use std::{
    collections::{HashMap, HashSet},
    hash::{Hash, Hasher},
};

/// What is wrong with the archive.
#[derive(Debug, PartialEq, Eq)]
pub struct Finding {
    /// The item or object.
    pub at: String,
    pub problem: String,
    pub repaired: bool,
}

/// The result of a check.
#[derive(Debug, Default)]
pub struct Checkup {
    pub items: usize,
    pub objects: usize,
    pub findings: Vec<Finding>,
    /// The articles, each with the time of its last change.
    pub articles: HashMap<ArticleId, Instant>,
}

impl Checkup {
    fn note(&mut self, at: impl ToString, problem: impl Into<String>) {
        self.add(at, problem, false);
    }

    fn add(&mut self, at: impl ToString, problem: impl Into<String>, repaired: bool) {
        self.findings.push(Finding { at: at.to_string(), problem: problem.into(), repaired });
    }
}

/// Hashes of keys, to compare two sets of them.
#[derive(Default)]
struct KeyHashes {
    existing: Vec<u64>,
    existing_derived: Vec<u64>,
    derived: Vec<u64>,
    required: Vec<u64>,
}

/// Hashes of the keys that may be faults.
struct Suspects {
    /// Derived items that should exist, and do not.
    missing: HashSet<u64>,
    /// Derived items that exist, and should not.
    surplus: HashSet<u64>,
    /// Other items that should exist, and do not.
    lost: HashSet<u64>,
}

impl Suspects {
    fn of(hashes: KeyHashes) -> Self {
        let set = |hashes: Vec<u64>| hashes.into_iter().collect::<HashSet<u64>>();
        let [existing, existing_derived] = [set(hashes.existing), set(hashes.existing_derived)];
        let surplus_of = |hashes: &[u64], known: &HashSet<u64>| {
            hashes.iter().filter(|hash| !known.contains(hash)).copied().collect::<HashSet<u64>>()
        };
        let lost = surplus_of(&hashes.required, &existing);
        let missing = surplus_of(&hashes.derived, &existing_derived);
        let derived = set(hashes.derived);
        Self { missing, surplus: existing_derived.difference(&derived).copied().collect(), lost }
    }

    fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.surplus.is_empty() && self.lost.is_empty()
    }
}

impl Archive {
    /// Checks every item and object; with `repair`, mends what can be derived. `progress` receives the number of items
    /// read so far.
    pub async fn check_up(&self, repair: bool, progress: impl Fn(usize)) -> Result<Checkup, StoreError> {
        let mut checkup = Checkup::default();
        let mut hashes = KeyHashes::default();
        let mut seen_objects = HashSet::new();
        let mut after = None;
        loop {
            let page = self.store().inspect(after.as_ref()).await?;
            for item in page.items {
                checkup.items += 1;
                hashes.take(&item);
                let implications = match item.content {
                    Ok(implications) => implications,
                    Err(StoreError::Item { key, problem }) => {
                        checkup.note(key, problem);
                        continue;
                    }
                    Err(error) => return Err(error),
                };
                checkup.articles.extend(implications.article);
                for object in implications.objects {
                    if seen_objects.insert(object.clone()) {
                        self.check_object(&item.key, &object, &mut checkup).await?;
                    }
                }
            }
            progress(checkup.items);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        checkup.objects = seen_objects.len();
        let suspects = Suspects::of(hashes);
        if !suspects.is_empty() {
            self.name_suspects(&suspects, repair, &mut checkup).await?;
        }
        Ok(checkup)
    }

    async fn check_object(
        &self,
        item: &ItemKey,
        object: &ReferredObject,
        checkup: &mut Checkup,
    ) -> Result<(), StoreError> {
        let objects = self.store().objects();
        let (name, content, digest) = match object {
            ReferredObject::Raw(sha256) => (format!("raw/{sha256}"), objects.raw(sha256).await, Some(sha256)),
            ReferredObject::Failed(id) => (format!("failed/{id}"), objects.failed(id).await, None),
        };
        match content {
            Ok(bytes) if digest.is_some_and(|digest| *digest != hex::encode(Sha256::digest(&bytes))) => {
                checkup.note(name, format!("the bytes differ from their digest; {item} refers to them"));
            }
            Ok(_) => {}
            Err(StoreError::MissingObject(_)) => checkup.note(name, format!("missing; {item} refers to it")),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Names each suspect that is a fault when it is read again.
    async fn name_suspects(&self, suspects: &Suspects, repair: bool, checkup: &mut Checkup) -> Result<(), StoreError> {
        let store = self.store();
        let mut named = HashSet::new();
        let mut after = None;
        loop {
            let page = store.inspect(after.as_ref()).await?;
            for item in page.items {
                if let Some(origin) = item.origin.filter(|_| suspects.surplus.contains(&hash(&item.key)))
                    && store.has_item(&item.key).await?
                    && store.lacks(&origin, &item.key).await?
                {
                    let repaired = repair && settled(store.delete_derived(&origin, &item.key).await)?;
                    checkup.add(&item.key, format!("{origin} does not have it"), repaired);
                }
                let Ok(implications) = item.content else { continue };
                for key in implications.derived {
                    if suspects.missing.contains(&hash(&key))
                        && !store.has_item(&key).await?
                        && store.derives(&item.key, &key).await?
                    {
                        let repaired = repair && settled(store.restore_derived(&item.key, &key).await)?;
                        checkup.add(&key, format!("missing; {} has it", item.key), repaired);
                    }
                }
                for key in implications.required {
                    if suspects.lost.contains(&hash(&key))
                        && named.insert(key.clone())
                        && is_lost(store, &item.key, &key).await?
                    {
                        checkup.note(&key, format!("missing; {} refers to it", item.key));
                    }
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }
}

/// Whether a key is still missing while the item that refers to it exists.
async fn is_lost(store: &Store, referring: &ItemKey, key: &ItemKey) -> Result<bool, StoreError> {
    Ok(!store.has_item(key).await? && store.has_item(referring).await?)
}

/// Whether a repair was made. A conflict means that a writer was faster; the next check names what is left.
fn settled(repaired: Result<(), StoreError>) -> Result<bool, StoreError> {
    match repaired {
        Ok(()) => Ok(true),
        Err(StoreError::Conflict) => Ok(false),
        Err(error) => Err(error),
    }
}

impl KeyHashes {
    fn take(&mut self, item: &InspectedItem) {
        let existing = if item.origin.is_some() { &mut self.existing_derived } else { &mut self.existing };
        existing.push(hash(&item.key));
        if let Ok(implications) = &item.content {
            self.derived.extend(implications.derived.iter().map(hash));
            self.required.extend(implications.required.iter().map(hash));
        }
    }
}

fn hash(key: &ItemKey) -> u64 {
    let mut hasher = SipHasher13::new();
    key.hash(&mut hasher);
    hasher.finish()
}
