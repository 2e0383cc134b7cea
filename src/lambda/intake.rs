//! Documents as events bring them, into the archive.

use crate::{
    archive::{
        self, Archive, IngestError, Ingested, Outcome, envelope,
        intake::{Arrival, ENVELOPE_BYTES, arrivals},
        replay::Reread,
    },
    article::{ArticleId, Instant},
};
use aws_lambda_events::s3::{S3Event, S3EventRecord};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What became of an event's documents.
#[derive(Default)]
pub struct Taken {
    outcomes: BTreeMap<&'static str, usize>,
    /// What may go well another time: name, code, reason.
    pub failed: Vec<(String, &'static str, String)>,
    /// What never will, and is kept among the failures.
    kept: Vec<(String, &'static str, String)>,
}

impl Taken {
    pub fn report(&self) -> Value {
        let count = |it: Outcome| self.outcomes.get(it.name()).copied().unwrap_or_default();
        let told = |it: &[(String, &'static str, String)]| -> Vec<Value> {
            let told = it.iter().map(|(name, code, detail)| json!({"document": name, "code": code, "detail": detail}));
            told.collect()
        };
        json!({
            "created": count(Outcome::Created),
            "revised": count(Outcome::Revised),
            "unchanged": count(Outcome::Unchanged),
            "deleted": count(Outcome::Deleted),
            "outdated": count(Outcome::Outdated),
            "kept": told(&self.kept),
            "failed": told(&self.failed),
        })
    }

    async fn take(&mut self, archive: &Archive, arrival: Arrival) {
        let name = arrival.name.clone();
        let taken = match archive.take_or_keep(arrival).await {
            Ok(taken) => taken,
            Err(error) => vec![archive::Taken { entry: None, ingested: Err(error.into()) }],
        };
        for archive::Taken { entry, ingested } in taken {
            let name = entry.map_or_else(|| name.clone(), |entry| format!("{name}#{entry}"));
            self.count(name, ingested);
        }
    }

    fn count(&mut self, name: String, ingested: Result<Ingested, IngestError>) {
        match ingested {
            Ok(it) => {
                tracing::info!(document = name, outcome = it.outcome.name(), article = %it.id, "document taken");
                *self.outcomes.entry(it.outcome.name()).or_default() += 1;
            }
            Err(error) => {
                let kept = error.is_the_documents();
                tracing::warn!(document = name, code = error.code(), cause = error.chain(), kept, "document failed");
                let failed = if kept { &mut self.kept } else { &mut self.failed };
                failed.push((name, error.code(), error.to_string()));
            }
        }
    }
}

/// The bundled seeds.
pub async fn seeds(archive: &Archive) -> Taken {
    let mut taken = Taken::default();
    for arrival in crate::archive::seeds::seeds(Instant::now()) {
        taken.take(archive, arrival).await;
    }
    taken
}

/// Articles that are archived, read again with today's rules.
pub async fn reread(archive: &Archive, articles: Vec<ArticleId>) -> Taken {
    let mut taken = Taken::default();
    for id in articles {
        match archive.reread(&id, true).await {
            Ok(Reread::Changed(differences)) => {
                let fields: Vec<&str> = differences.iter().map(|it| it.field.as_str()).collect();
                tracing::info!(article = %id, fields = fields.join(", "), "article reread");
                *taken.outcomes.entry(Outcome::Revised.name()).or_default() += 1;
            }
            Ok(Reread::Unchanged) => *taken.outcomes.entry(Outcome::Unchanged.name()).or_default() += 1,
            Ok(Reread::Gone) => *taken.outcomes.entry(Outcome::Deleted.name()).or_default() += 1,
            Err(error) => taken.count(id.to_string(), Err(error)),
        }
    }
    taken
}

/// A message of the queue that is a raw document in its envelope.
pub async fn queued(archive: &Archive, body: &str) -> Taken {
    let document = envelope::parse(body.as_bytes(), Instant::now()).map_err(IngestError::BadEnvelope);
    let name = document.as_ref().ok().and_then(|it| it.key.clone()).unwrap_or_else(|| "message".to_owned());
    let mut taken = Taken::default();
    taken.take(archive, Arrival { name, document, bytes: body.as_bytes().to_vec() }).await;
    taken
}

/// The objects that a notification names.
pub async fn notified(archive: &Archive, event: S3Event) -> Taken {
    let mut taken = Taken::default();
    for record in event.records {
        let key = decoded(record.s3.object.key.as_deref().unwrap_or_default());
        match fetch(archive, &record, &key).await {
            Ok((content, media_type, at)) => {
                let arriving: Vec<_> = arrivals(&key, media_type.as_deref(), content.as_slice(), at).collect();
                for arrival in arriving {
                    taken.take(archive, arrival).await;
                }
            }
            Err(error) => taken.take(archive, Arrival::failed(key, error)).await,
        }
    }
    taken
}

async fn fetch(
    archive: &Archive,
    record: &S3EventRecord,
    key: &str,
) -> Result<(Vec<u8>, Option<String>, Instant), IngestError> {
    let bucket = record.s3.bucket.name.as_deref().unwrap_or_default();
    let object = archive.store().objects().object(bucket, key, ENVELOPE_BYTES as u64).await?;
    let at = Instant::from_timestamp(object.last_modified).unwrap_or_else(Instant::now);
    Ok((object.content.to_vec(), object.media_type, at.min(Instant::now())))
}

/// Keys arrive as form fields do: blanks as `+`, other bytes as `%xx`.
fn decoded(key: &str) -> String {
    form_urlencoded::parse(format!("key={key}").as_bytes()).next().map(|(_, it)| it.into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[test]
    fn keys_are_decoded_as_form_fields() {
        assert_eq!(super::decoded("inbox/caf%C3%A9+opening%2B1.txt"), "inbox/café opening+1.txt");
    }
}
