//! Facets: what a list of articles can be filtered by, and the facet values of an article.
//!
//! Only this module defines which members of an article are facets. The archive indexes articles under these values and
//! queries look them up, both in the spelling defined here.

use super::{
    Article, CountryCode, EntityType, canonical_language_tag, language_ranges, media_topic, place::BadCountryCode, slug,
};
use strum::VariantArray;

/// A facet with a posting list for each of its values.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[strum(serialize_all = "lowercase")]
pub enum Facet {
    Source,
    Publisher,
    Language,
    Country,
    Place,
    Person,
    Organisation,
    Topic,
    /// The last: of an article with too many values, authors are left out first.
    Author,
}

impl Facet {
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the value in the spelling it is indexed under: `pk` and `PK` are one country.
    pub fn canonical(self, value: &str) -> String {
        match self {
            Self::Country => value.to_ascii_uppercase(),
            Self::Language => canonical_language_tag(value).unwrap_or_else(|| value.to_owned()).to_ascii_lowercase(),
            Self::Source | Self::Publisher | Self::Place | Self::Person | Self::Organisation | Self::Author => {
                slug(value)
            }
            // Accepts a code or a label. Anything else yields a slug that no article is indexed under.
            Self::Topic => media_topic(value).map_or_else(|| slug(value), |topic| topic.code.to_owned()),
        }
    }

    /// Refuses a value that no article can have.
    pub fn validate(self, value: &str) -> Result<(), BadCountryCode> {
        match self {
            Self::Country => CountryCode::parse(value).map(drop),
            _ => Ok(()),
        }
    }
}

/// A facet's value, written `country:PK`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FacetValue {
    pub facet: Facet,
    pub value: String,
}

impl FacetValue {
    pub fn new(facet: Facet, value: &str) -> Self {
        Self { facet, value: facet.canonical(value) }
    }

    /// Returns every facet value of an article, sorted and without duplicates.
    pub fn of(article: &Article) -> Vec<Self> {
        let facts = &article.facts;
        let place = facts.dateline.as_ref().and_then(|dateline| dateline.place.as_ref());
        // The source filter covers both origins of an article: the feed it was polled from, and its publisher.
        let sources = [article.head.source.as_deref(), facts.publisher.as_ref().map(|publisher| publisher.id.as_str())];
        let mut values: Vec<Self> =
            sources.into_iter().flatten().map(|source| Self::new(Facet::Source, source)).collect();
        values.extend(facts.publisher.as_ref().map(|publisher| Self::new(Facet::Publisher, &publisher.id)));
        values.extend(facts.authors.iter().map(|author| Self::new(Facet::Author, &author.name)));
        let languages = facts.language.as_deref().into_iter().flat_map(language_ranges);
        values.extend(languages.map(|range| Self::new(Facet::Language, range)));
        values.extend(
            place.and_then(|place| place.country.as_ref()).map(|country| Self::new(Facet::Country, country.as_str())),
        );
        values.extend(place.map(|place| Self::new(Facet::Place, &place.id)));
        values.extend(facts.topics.iter().map(|topic| Self::new(Facet::Topic, &topic.code)));
        // Only strong entities become facets: users abandon a list that contains the wrong namesake.
        values.extend(facts.entities.iter().filter(|entity| entity.strong).filter_map(|entity| match entity.kind {
            EntityType::Person => Some(Self::new(Facet::Person, &entity.id)),
            EntityType::Organisation => Some(Self::new(Facet::Organisation, &entity.id)),
            EntityType::Place => Some(Self::new(Facet::Place, &entity.id)),
            EntityType::Country => entity.country.as_ref().map(|country| Self::new(Facet::Country, country.as_str())),
        }));
        values.retain(|value| !value.value.is_empty());
        values.sort();
        values.dedup();
        values
    }
}

impl std::fmt::Display for FacetValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.facet.name(), self.value)
    }
}

/// Prefix of the code of a date mentioned in the text; the date follows in EDTF.
pub const MENTIONS: &str = "on:";
/// Maximum mentioned dates in a posting.
const DATES_MAX: usize = 12;

/// The index terms of an article: the values with posting lists, and the codes that each of its postings carries.
pub struct Filed {
    pub values: Vec<FacetValue>,
    pub codes: Vec<String>,
    /// What a limit left out, for the evidence.
    pub left_out: Vec<String>,
}

impl Filed {
    /// Collects the index terms. `most` is the maximum number of facet values.
    pub fn of(article: &Article, most: usize) -> Self {
        let mut values = FacetValue::of(article);
        let mut left_out = Vec::new();
        for excess in values.drain(values.len().min(most)..) {
            left_out.push(format!("{excess}: an article is filed under {most} facet values"));
        }
        let dated = article.detail.mentioned_dates.iter().filter(|date| date.from.is_some());
        let mut dates: Vec<String> = dated.map(|date| format!("{MENTIONS}{}", date.edtf)).collect();
        dates.sort();
        dates.dedup();
        for excess in dates.drain(dates.len().min(DATES_MAX)..) {
            left_out.push(format!("{excess}: an article is found by {DATES_MAX} of the dates that it speaks of"));
        }
        let has = Has::of(article).into_iter().map(|field| format!("has:{}", field.name()));
        let codes = values.iter().map(FacetValue::to_string).chain(has).chain(dates).collect();
        Self { values, codes, left_out }
    }
}

/// Fields that an article has or lacks. They filter lists, but have no posting lists.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::EnumString, strum::IntoStaticStr, strum::VariantArray,
)]
#[strum(serialize_all = "lowercase")]
pub enum Has {
    Published,
    Author,
    Agency,
    Publisher,
    Dateline,
    Deck,
    Image,
    Url,
    Section,
    Topic,
    Quantity,
}

impl Has {
    pub fn name(self) -> &'static str {
        self.into()
    }

    pub fn parse(name: &str) -> Option<Self> {
        name.parse().ok()
    }

    pub fn of(article: &Article) -> Vec<Self> {
        let facts = &article.facts;
        Self::VARIANTS
            .iter()
            .copied()
            .filter(|field| match field {
                Self::Published => facts.published.at.is_some(),
                Self::Author => !facts.authors.is_empty(),
                Self::Agency => facts.agency.is_some(),
                Self::Publisher => facts.publisher.is_some(),
                Self::Dateline => facts.dateline.is_some(),
                Self::Deck => facts.deck.is_some(),
                Self::Image => facts.image.is_some(),
                Self::Url => facts.url.is_some(),
                Self::Section => facts.section.is_some(),
                Self::Topic => !facts.topics.is_empty(),
                Self::Quantity => !article.detail.quantities.is_empty(),
            })
            .collect()
    }
}
