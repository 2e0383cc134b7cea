//! When a page says that it was published, and when it was changed: metadata first, then what readers see, then its address.

use super::{
    facts::{Facts, Said, in_story, one_beside_the_other, said},
    marks,
    scan::{Block, Marked},
    visible,
};
use crate::{
    article::Published,
    enrich::dates,
    reading::{Finding, shown::shown},
};

impl Said {
    /// With the date that it states.
    fn dated(self) -> Option<(Published, Self)> {
        Some((dates::any(&self.text)?, self))
    }
}

impl Facts<'_> {
    pub(super) fn published(&self) -> Option<Finding<Published>> {
        let mut said = self.node("datePublished");
        let names = [
            "article:published_time",
            "og:published_time",
            "datepublished",
            "date",
            "pubdate",
            "publishdate",
            "publish-date",
            "parsely-pub-date",
            "sailthru.date",
            "dc.date.issued",
            "dc.date",
            "dcterms.created",
            "article.published",
            "published",
            "published-date",
            "published_date",
            "publish_date",
            "publication_date",
            "publication-date",
            "published_time",
            "article_date_original",
            "originalpublicationdate",
            "article:published",
            "article:publish_date",
            "article.created",
            "displaydate",
            "cxenseparse:recs:publishtime",
            "citation_publication_date",
            "citation_date",
            "dc.date.created",
            "dcterms.date",
            "dcterms.issued",
        ];
        said.extend(self.meta(&names, "meta"));
        said.extend(self.marked(&["itemprop:datePublished"], "microdata"));
        said.extend(self.node("dateCreated"));
        let mut found: Vec<(Published, Said)> = said.into_iter().filter_map(Said::dated).collect();
        found.extend(self.visible_dates(false));
        let address = self.url().or(self.base.as_ref().map(|it| Finding {
            value: it.to_string(),
            spans: Vec::new(),
            rule: "came-from",
            others: Vec::new(),
        }));
        found.extend(address.and_then(|it| {
            let said = Said { text: it.value, spans: it.spans, rule: "url-path" };
            Some((dates::in_path(&said.text)?, said))
        }));
        found.retain(|(published, _)| dates::is_possible(published, self.retrieved_at));
        dated(found)
    }

    /// The dates that readers see: those of changes, or all others.
    fn visible_dates(&self, of_change: bool) -> Vec<(Published, Said)> {
        let marks = |mark: &'static str, rule: &'static str, anywhere: bool| {
            let found = self.anywhere(mark).filter(move |it| anywhere || in_story(it));
            let dated = found.filter_map(move |it| Some((it, said(it, rule)?.dated()?)));
            one_beside_the_other(dated).filter(move |it| self.is_of_change(it.0) == of_change).map(|it| it.1)
        };
        let mut found: Vec<_> = marks("time", "time-element", false).collect();
        found.extend(marks("class:date", "date-class", false));
        found.extend(self.headline().and_then(|it| visible::date(self.scan, self.lines(), &it, of_change)));
        found.extend(marks("time", "time-element", true).next());
        found
    }

    /// Whether a date follows words that say in its line that it is of a change.
    fn is_of_change(&self, date: &Marked) -> bool {
        let text = shown(&date.text);
        let start = dates::stated(&text).map_or(0, |it| it.range.start);
        let line = self.line_of(date).and_then(|line| line.text.get(..line.text.find(&text)? + start));
        dates::is_of_change(line.unwrap_or(&text[..start]))
    }

    /// The short line in which an element stands.
    fn line_of(&self, element: &Marked) -> Option<&Block> {
        let first = element.spans.first()?;
        let lines = self.lines();
        let at = lines.partition_point(|it| it.spans.last().is_some_and(|last| last.start < first.start));
        lines.get(at).copied().filter(|it| it.spans.contains(first))
    }

    pub(super) fn modified(&self) -> Option<Finding<Published>> {
        let mut said = self.node("dateModified");
        said.extend(self.meta(
            &["article:modified_time", "og:updated_time", "last-modified", "dcterms.modified", "datemodified"],
            "meta",
        ));
        said.extend(self.marked(&[marks::OF_CHANGE], "microdata"));
        let found = said.into_iter().filter_map(Said::dated);
        dated(found.chain(self.visible_dates(true)).collect())
    }
}

fn dated(found: Vec<(Published, Said)>) -> Option<Finding<Published>> {
    let mut found = found.into_iter();
    let (value, said) = found.next()?;
    let mut others: Vec<String> = Vec::new();
    for other in found.filter(|(it, _)| it.at != value.at).filter_map(|(it, _)| it.stated()) {
        if !others.contains(&other) {
            others.push(other);
        }
    }
    Some(Finding { value, spans: said.spans, rule: said.rule, others })
}
