//! Annotates an article's text, with evidence for each annotation: entities, topics, quantities, mentioned dates, the
//! lead as its summary, and bounds on its own date of publication.

use super::{DocumentFormat, Paragraph, evidence_fields::EvidenceFields, offset_map::OffsetMap};
use crate::limits::{ARTICLE_ENTITIES, ARTICLE_MENTIONED_DATES, ARTICLE_QUANTITIES, TAGGED_WORDS};
use crate::{
    article::{
        Basis, CountryCode, Dateline, Entity, MentionedDate, Published, Quantity, QuantityKind, Span, TextSpan, Topic,
    },
    enrich::{
        entities, keywords, mentioned_dates, publication_interval, quantities, summary,
        text_fields::{Field, TextField, text_fields},
        topics,
    },
};
use std::collections::HashMap;

/// The rule that derives keywords if the publisher states none.
pub const DERIVED_KEYWORDS: &str = "names-and-topic-words";

/// The texts of an article and their spans in the document.
pub struct Texts<'a> {
    pub document: &'a str,
    pub form: DocumentFormat,
    pub headline: Option<(&'a str, &'a [Span])>,
    pub deck: Option<(&'a str, &'a [Span])>,
    pub body: &'a [String],
    pub paragraphs: &'a [Paragraph],
}

/// Facts already read that the annotations depend on.
pub struct Context<'a> {
    pub language: Option<&'a str>,
    pub dateline: Option<&'a Dateline>,
    pub authors: &'a [String],
    pub published: Option<&'a Published>,
    /// The country of publication.
    pub country: Option<&'a CountryCode>,
}

#[derive(Default)]
pub struct Annotations {
    pub topics: Vec<Topic>,
    pub entities: Vec<Entity>,
    pub quantities: Vec<Quantity>,
    pub mentioned_dates: Vec<MentionedDate>,
    /// Only if the publisher states no summary.
    pub summary: Option<String>,
    /// Only if the publisher states none.
    pub keywords: Vec<String>,
    /// Only if the article states no date.
    pub published: Option<Published>,
    pub left_out: Vec<String>,
}

/// Which facts that a publisher may state are missing.
#[derive(Clone, Copy)]
pub struct Missing {
    pub summary: bool,
    pub keywords: bool,
}

pub fn annotate(
    texts: &Texts<'_>,
    context: &Context<'_>,
    missing: Missing,
    fields: &mut EvidenceFields,
) -> Annotations {
    let text_fields = text_fields(texts.headline.map(|headline| headline.0), texts.deck.map(|deck| deck.0), texts.body);
    let mut mapper = SpanMapper { texts, offset_maps: HashMap::new() };
    let language = context.language.map(|language| language.split('-').next().unwrap_or(language));
    let mut annotations = Annotations::default();

    let topics = topics::find(&text_fields, language);
    for (at, topic) in topics.iter().enumerate() {
        let normalised = format!("{} {}: {}", topic.topic.code, topic.topic.label, topic.topic.because.join(", "));
        fields.note(&format!("topics[{at}]"), mapper.of_all(&topic.because), "lexicon", Some(normalised), vec![]);
    }
    let found = entities::find(&text_fields, language, context.dateline, context.authors);
    let (entities, dropped) = (found.entities, found.over_limit);
    if found.untagged_words > 0 {
        let (words, most) = (found.untagged_words, TAGGED_WORDS);
        annotations.left_out.push(format!("tagged_words: names were not tagged in {words} words beyond {most}"));
    }
    if dropped > 0 {
        let most = ARTICLE_ENTITIES;
        annotations.left_out.push(format!("entities: {dropped} more than the {most} that an article may have"));
    }
    for (at, matched) in entities.iter().enumerate() {
        let entity = &matched.entity;
        let role = entity.role.as_deref().map(|role| format!(", {role}")).unwrap_or_default();
        let normalised = Some(format!("{}{role}", entity.name));
        fields.note(&format!("entities[{at}]"), mapper.of_all(&entity.mentions), matched.rule, normalised, vec![]);
    }
    if missing.keywords {
        let keywords = keywords::find(&entities, &topics);
        if !keywords.is_empty() {
            let spans = keywords.iter().flat_map(|(_, at)| mapper.of(at)).collect();
            annotations.keywords = keywords.into_iter().map(|(keyword, _)| keyword).collect();
            fields.note("keywords", spans, DERIVED_KEYWORDS, Some(annotations.keywords.join("; ")), vec![]);
        }
    }
    annotations.quantities =
        quantities(&text_fields, language, context, &mut mapper, fields, &mut annotations.left_out);
    annotations.mentioned_dates =
        dates(&text_fields, language, context, &mut mapper, fields, &mut annotations.left_out);
    if missing.summary
        && let Some((summary, spans)) = summary::lead(&text_fields)
    {
        fields.note("summary", mapper.of_all(&spans), "lead", Some(summary.clone()), vec![]);
        annotations.summary = Some(summary);
    }
    if context.published.is_none()
        && let Some(inferred) = publication_interval::infer(&text_fields, language)
    {
        let spans = mapper.of_all(&inferred.because);
        fields.note("published", spans, "tense-bounds", Some(inferred.edtf), vec![]);
        annotations.published = Some(Published {
            basis: Some(Basis::Inferred),
            earliest: inferred.earliest,
            latest: inferred.latest,
            reasoning: Some(inferred.reasoning),
            ..Published::default()
        });
    }
    annotations.topics = topics.into_iter().map(|topic| topic.topic).collect();
    annotations.entities = entities.into_iter().map(|entity| entity.entity).collect();
    annotations
}

fn quantities(
    text_fields: &[TextField<'_>],
    language: Option<&str>,
    context: &Context<'_>,
    mapper: &mut SpanMapper<'_>,
    fields: &mut EvidenceFields,
    left_out: &mut Vec<String>,
) -> Vec<Quantity> {
    let country = context.dateline.and_then(|dateline| dateline.place.as_ref()?.country.as_ref()).or(context.country);
    let found =
        text_fields.iter().flat_map(|text_field| quantities::find(text_field, language, country)).map(|pair| pair.0);
    let found: Vec<Quantity> = cut(found.collect(), ARTICLE_QUANTITIES, "quantities", left_out);
    for (at, quantity) in found.iter().enumerate() {
        let unit = quantity.currency.as_deref().or(quantity.counted.as_deref()).unwrap_or_default();
        let rule = match quantity.kind {
            QuantityKind::Money => "money",
            QuantityKind::Percent => "percent",
            QuantityKind::Count => "casualties",
        };
        let normalised = format!("{} {unit}", quantity.value).trim_end().to_owned();
        fields.note(&format!("quantities[{at}]"), mapper.of(&quantity.at), rule, Some(normalised), vec![]);
    }
    found
}

fn dates(
    text_fields: &[TextField<'_>],
    language: Option<&str>,
    context: &Context<'_>,
    mapper: &mut SpanMapper<'_>,
    fields: &mut EvidenceFields,
    left_out: &mut Vec<String>,
) -> Vec<MentionedDate> {
    let published = context.published.and_then(Published::day);
    let dates_of = |text_field: &TextField<'_>| -> Vec<MentionedDate> {
        let mentions = mentioned_dates::find(text_field, language);
        mentions
            .iter()
            .filter_map(|mention| mentioned_dates::resolve(text_field, mention, language, published))
            .collect()
    };
    let found: Vec<MentionedDate> =
        cut(text_fields.iter().flat_map(dates_of).collect(), ARTICLE_MENTIONED_DATES, "mentioned_dates", left_out);
    for (at, date) in found.iter().enumerate() {
        let normalised = Some(date.edtf.clone());
        fields.note(&format!("mentioned_dates[{at}]"), mapper.of(&date.at), "date-in-text", normalised, vec![]);
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

/// Maps spans of the texts to spans of the document. The offset map of a text is built when it is first needed.
struct SpanMapper<'a> {
    texts: &'a Texts<'a>,
    offset_maps: HashMap<(String, u32), OffsetMap>,
}

impl SpanMapper<'_> {
    fn of(&mut self, at: &TextSpan) -> Vec<Span> {
        let texts = self.texts;
        let offset_map = self.offset_maps.entry((at.field.clone(), at.paragraph)).or_insert_with(|| {
            let (text, spans) = match at.field.as_str() {
                other if other == Field::Headline.name() => texts.headline.unwrap_or_default(),
                other if other == Field::Deck.name() => texts.deck.unwrap_or_default(),
                _ => {
                    let paragraph = texts.paragraphs.get(at.paragraph as usize);
                    paragraph.map(|paragraph| (paragraph.text.as_str(), paragraph.spans.as_slice())).unwrap_or_default()
                }
            };
            OffsetMap::new(texts.document, spans, text, texts.form)
        });
        offset_map.place(&(at.start as usize..at.end as usize))
    }

    fn of_all(&mut self, all: &[TextSpan]) -> Vec<Span> {
        all.iter().flat_map(|span| self.of(span)).collect()
    }
}
