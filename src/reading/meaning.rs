//! What the words of an article mean, with the evidence of each: who and what it names, its topics, its quantities, the
//! dates it speaks of, its lead, and what its text tells of its own date.

use super::{Form, Paragraph, draft::Fields, locate::Located};
use crate::{
    article::{
        Basis, CountryCode, Dateline, Entity, MentionedDate, Published, Quantity, QuantityKind, Span, TextSpan, Topic,
    },
    enrich::{
        entities, keywords, mentioned_dates,
        passage::{Field, Passage, passages},
        publication, quantities, summary, topics,
    },
};
use std::collections::HashMap;

/// What one article may have; what is beyond is told in the evidence.
const QUANTITIES_MAX: usize = 100;
const DATES_MAX: usize = 100;
/// The rule of keywords that no publisher stated.
pub const DERIVED_KEYWORDS: &str = "names-and-topic-words";

/// The texts of an article and where they were read.
pub struct Texts<'a> {
    pub document: &'a str,
    pub form: Form,
    pub headline: Option<(&'a str, &'a [Span])>,
    pub deck: Option<(&'a str, &'a [Span])>,
    pub body: &'a [String],
    pub paragraphs: &'a [Paragraph],
}

/// What is known already, that the meaning of words depends on.
pub struct Known<'a> {
    pub language: Option<&'a str>,
    pub dateline: Option<&'a Dateline>,
    pub authors: &'a [String],
    pub published: Option<&'a Published>,
    /// Where it is published.
    pub country: Option<&'a CountryCode>,
}

#[derive(Default)]
pub struct Meaning {
    pub topics: Vec<Topic>,
    pub entities: Vec<Entity>,
    pub quantities: Vec<Quantity>,
    pub mentioned_dates: Vec<MentionedDate>,
    /// For an article whose publisher describes it in no words.
    pub summary: Option<String>,
    /// For one whose publisher states none.
    pub keywords: Vec<String>,
    /// For one that states no date.
    pub published: Option<Published>,
    pub left_out: Vec<String>,
}

/// Which of the facts that a publisher may state are missing.
#[derive(Clone, Copy)]
pub struct Missing {
    pub summary: bool,
    pub keywords: bool,
}

pub fn mean(texts: &Texts<'_>, known: &Known<'_>, missing: Missing, fields: &mut Fields) -> Meaning {
    let passages = passages(texts.headline.map(|it| it.0), texts.deck.map(|it| it.0), texts.body);
    let mut places = Places { texts, located: HashMap::new() };
    let language = known.language.map(|it| it.split('-').next().unwrap_or(it));
    let mut meaning = Meaning::default();

    let topics = topics::find(&passages, language);
    for (at, it) in topics.iter().enumerate() {
        let told = format!("{} {}: {}", it.topic.code, it.topic.label, it.topic.because.join(", "));
        fields.note(&format!("topics[{at}]"), places.of_all(&it.because), "lexicon", Some(told), vec![]);
    }
    let (entities, beyond) = entities::find(&passages, known.dateline, known.authors);
    if beyond > 0 {
        let most = entities::ENTITIES_MAX;
        meaning.left_out.push(format!("entities: {beyond} more than the {most} that an article may have"));
    }
    for (at, it) in entities.iter().enumerate() {
        let entity = &it.entity;
        let role = entity.role.as_deref().map(|it| format!(", {it}")).unwrap_or_default();
        let told = Some(format!("{}{role}", entity.name));
        fields.note(&format!("entities[{at}]"), places.of_all(&entity.mentions), it.rule, told, vec![]);
    }
    if missing.keywords {
        let found = keywords::find(&entities, &topics);
        if !found.is_empty() {
            let spans = found.iter().flat_map(|it| places.of(&it.1)).collect();
            meaning.keywords = found.into_iter().map(|it| it.0).collect();
            fields.note("keywords", spans, DERIVED_KEYWORDS, Some(meaning.keywords.join("; ")), vec![]);
        }
    }
    meaning.quantities = quantities(&passages, language, known, &mut places, fields, &mut meaning.left_out);
    meaning.mentioned_dates = dates(&passages, language, known, &mut places, fields, &mut meaning.left_out);
    if missing.summary
        && let Some((summary, spans)) = summary::lead(&passages)
    {
        fields.note("summary", places.of_all(&spans), "lead", Some(summary.clone()), vec![]);
        meaning.summary = Some(summary);
    }
    if known.published.is_none()
        && let Some(inferred) = publication::infer(&passages, language)
    {
        let spans = places.of_all(&inferred.because);
        fields.note("published", spans, "tense-bounds", Some(inferred.edtf), vec![]);
        meaning.published = Some(Published {
            basis: Some(Basis::Inferred),
            earliest: inferred.earliest,
            latest: inferred.latest,
            reasoning: Some(inferred.reasoning),
            ..Published::default()
        });
    }
    meaning.topics = topics.into_iter().map(|it| it.topic).collect();
    meaning.entities = entities.into_iter().map(|it| it.entity).collect();
    meaning
}

fn quantities(
    passages: &[Passage<'_>],
    language: Option<&str>,
    known: &Known<'_>,
    places: &mut Places<'_>,
    fields: &mut Fields,
    left_out: &mut Vec<String>,
) -> Vec<Quantity> {
    let country = known.dateline.and_then(|it| it.place.as_ref()?.country.as_ref()).or(known.country);
    let found = passages.iter().flat_map(|it| quantities::find(it, language, country)).map(|it| it.0);
    let found: Vec<Quantity> = cut(found.collect(), QUANTITIES_MAX, "quantities", left_out);
    for (at, it) in found.iter().enumerate() {
        let unit = it.currency.as_deref().or(it.counted.as_deref()).unwrap_or_default();
        let rule = match it.kind {
            QuantityKind::Money => "money",
            QuantityKind::Percent => "percent",
            QuantityKind::Count => "casualties",
        };
        let told = format!("{} {unit}", it.value).trim_end().to_owned();
        fields.note(&format!("quantities[{at}]"), places.of(&it.at), rule, Some(told), vec![]);
    }
    found
}

fn dates(
    passages: &[Passage<'_>],
    language: Option<&str>,
    known: &Known<'_>,
    places: &mut Places<'_>,
    fields: &mut Fields,
    left_out: &mut Vec<String>,
) -> Vec<MentionedDate> {
    let published = known.published.and_then(Published::day);
    let one = |it: &Passage<'_>| -> Vec<MentionedDate> {
        let told = mentioned_dates::told(it, language);
        told.iter().filter_map(|found| mentioned_dates::resolve(it, found, published)).collect()
    };
    let found: Vec<MentionedDate> =
        cut(passages.iter().flat_map(one).collect(), DATES_MAX, "mentioned_dates", left_out);
    for (at, it) in found.iter().enumerate() {
        let told = Some(it.edtf.clone());
        fields.note(&format!("mentioned_dates[{at}]"), places.of(&it.at), "date-in-text", told, vec![]);
    }
    found
}

fn cut<T>(mut found: Vec<T>, most: usize, name: &str, left_out: &mut Vec<String>) -> Vec<T> {
    if found.len() > most {
        left_out.push(format!("{name}: {} more than the {most} that an article may have", found.len() - most));
        found.truncate(most);
    }
    found
}

/// From places in the texts to places in the document. A text is taken apart when something in it is looked for.
struct Places<'a> {
    texts: &'a Texts<'a>,
    located: HashMap<(String, u32), Located>,
}

impl Places<'_> {
    fn of(&mut self, at: &TextSpan) -> Vec<Span> {
        let texts = self.texts;
        let located = self.located.entry((at.field.clone(), at.paragraph)).or_insert_with(|| {
            let (text, spans) = match at.field.as_str() {
                it if it == Field::Headline.name() => texts.headline.unwrap_or_default(),
                it if it == Field::Deck.name() => texts.deck.unwrap_or_default(),
                _ => {
                    let paragraph = texts.paragraphs.get(at.paragraph as usize);
                    paragraph.map(|it| (it.text.as_str(), it.spans.as_slice())).unwrap_or_default()
                }
            };
            Located::new(texts.document, spans, text, texts.form)
        });
        located.place(&(at.start as usize..at.end as usize))
    }

    fn of_all(&mut self, all: &[TextSpan]) -> Vec<Span> {
        all.iter().flat_map(|it| self.of(it)).collect()
    }
}
