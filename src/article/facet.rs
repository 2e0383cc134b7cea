//! Facets: what a list of articles can be filtered by, and the values an article has.
//!
//! The one place that says which members of an article are facets. The archive files an article under them, the query
//! reads them back, and both spell them as here.

use super::{Article, EntityType, media_topic, slug};

/// A facet whose values have lists of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Facet {
    Source,
    Language,
    Country,
    Place,
    Person,
    Organisation,
    Topic,
}

impl Facet {
    pub const ALL: [Self; 7] =
        [Self::Source, Self::Language, Self::Country, Self::Place, Self::Person, Self::Organisation, Self::Topic];

    pub fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Language => "language",
            Self::Country => "country",
            Self::Place => "place",
            Self::Person => "person",
            Self::Organisation => "organisation",
            Self::Topic => "topic",
        }
    }

    /// The value in the spelling it is filed under: `pk` and `PK` are one country.
    pub fn canonical(self, value: &str) -> String {
        match self {
            Self::Country => value.to_ascii_uppercase(),
            Self::Language => value.to_ascii_lowercase(),
            Self::Source | Self::Place | Self::Person | Self::Organisation => slug(value),
            // By its code or by its label; what is neither is filed under nowhere.
            Self::Topic => media_topic(value).map_or_else(|| slug(value), |it| it.code.to_owned()),
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

    /// Every facet value of an article, each once, in a fixed order.
    pub fn of(article: &Article) -> Vec<Self> {
        let facts = &article.facts;
        let place = facts.dateline.as_ref().and_then(|it| it.place.as_ref());
        // A reader who asks for a source means whoever brought the story: the feed it was polled from, or its publisher.
        let sources = [article.head.source.as_deref(), facts.publisher.as_ref().map(|it| it.id.as_str())];
        let mut values: Vec<Self> = sources.into_iter().flatten().map(|it| Self::new(Facet::Source, it)).collect();
        values.extend(facts.language.as_deref().map(|it| Self::new(Facet::Language, it)));
        values.extend(place.and_then(|it| it.country.as_ref()).map(|it| Self::new(Facet::Country, it.as_str())));
        values.extend(place.map(|it| Self::new(Facet::Place, &it.id)));
        values.extend(facts.topics.iter().map(|it| Self::new(Facet::Topic, &it.code)));
        // Of entities only what is certain: a list that holds the wrong namesake once is not used twice.
        values.extend(facts.entities.iter().filter(|it| it.strong).filter_map(|it| match it.kind {
            EntityType::Person => Some(Self::new(Facet::Person, &it.id)),
            EntityType::Organisation => Some(Self::new(Facet::Organisation, &it.id)),
            EntityType::Place => Some(Self::new(Facet::Place, &it.id)),
            EntityType::Country => it.country.as_ref().map(|it| Self::new(Facet::Country, it.as_str())),
        }));
        values.retain(|it| !it.value.is_empty());
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

/// What the code of a date that the text speaks of begins with; the date follows in EDTF.
pub const MENTIONS: &str = "on:";
/// The dates that a posting carries beside its card.
const DATES_MAX: usize = 12;

/// All that an article is found by: the values that have lists, and the codes that every posting of it carries.
pub struct Filed {
    pub values: Vec<FacetValue>,
    pub codes: Vec<String>,
    /// What a limit left out, for the evidence.
    pub left_out: Vec<String>,
}

impl Filed {
    /// `most`: the facet values that an article may have.
    pub fn of(article: &Article, most: usize) -> Self {
        let mut values = FacetValue::of(article);
        let mut left_out = Vec::new();
        for beyond in values.drain(values.len().min(most)..) {
            left_out.push(format!("{beyond}: an article is filed under {most} facet values"));
        }
        let told = article.detail.mentioned_dates.iter().filter(|it| it.from.is_some());
        let mut dates: Vec<String> = told.map(|it| format!("{MENTIONS}{}", it.edtf)).collect();
        dates.sort();
        dates.dedup();
        for beyond in dates.drain(dates.len().min(DATES_MAX)..) {
            left_out.push(format!("{beyond}: an article is found by {DATES_MAX} of the dates that it speaks of"));
        }
        let has = Has::of(article).into_iter().map(|it| format!("has:{}", it.name()));
        let codes = values.iter().map(FacetValue::to_string).chain(has).chain(dates).collect();
        Self { values, codes, left_out }
    }
}

/// Facts that an article has or lacks. They narrow a list and have no list of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
    pub const ALL: [Self; 11] = [
        Self::Published,
        Self::Author,
        Self::Agency,
        Self::Publisher,
        Self::Dateline,
        Self::Deck,
        Self::Image,
        Self::Url,
        Self::Section,
        Self::Topic,
        Self::Quantity,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Author => "author",
            Self::Agency => "agency",
            Self::Publisher => "publisher",
            Self::Dateline => "dateline",
            Self::Deck => "deck",
            Self::Image => "image",
            Self::Url => "url",
            Self::Section => "section",
            Self::Topic => "topic",
            Self::Quantity => "quantity",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    pub fn of(article: &Article) -> Vec<Self> {
        let facts = &article.facts;
        Self::ALL
            .into_iter()
            .filter(|it| match it {
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
