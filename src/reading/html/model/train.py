"""Trains the model that separates the blocks of the body from the rest of an HTML page.

    dateline-bench read DIR --features blocks > features.tsv
    python train.py DIR features.tsv [DIR features.tsv ...] > trees.txt

DIR contains `pages.jsonl`, the input of `dateline-bench read`. Prints to standard error the model's scores on
publishers that it was not trained on (five folds, grouped by publisher), and to standard output the trees of a model
trained on all of them, in the format of `../../trees.rs`.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path
from urllib.parse import urlparse

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))
import trees

# As in ../body_model.rs.
LEAST, DOUBTFUL, DOUBT = 2.0, 2.0, 0.2
# The index of a feature, see ../block_features.rs: the block's own words or links show that it is no body text.
OUTSIDE = 9
# A block is body text if this share of its shingles is in the reference.
SHARE = 0.5
# A block counts by its shingles, up to this many: long paragraphs matter most, but no page is one paragraph.
HEAVIEST = 60
# A shorter text is body text if it is a line of the reference, or this long and anywhere in it.
LONG = 12


class Reference:
    """The labelled text of a page."""

    def __init__(self, page):
        self.shingles = trees.shingles(page["body"])
        self.lines = {" ".join(trees.words(line)) for line in page["body"].split("\n")}
        self.text = " " + " ".join(trees.words(page["body"])) + " "

    def label(self, text):
        """Returns whether a block is body text, and its weight."""
        found = trees.words(text)
        if len(found) < trees.SHINGLE:
            joined = " ".join(found)
            known = f" {joined} " in self.text and (joined in self.lines or len(joined) > LONG)
            return int(bool(found) and known), max(1, len(found))
        own = trees.shingles(text)
        return int(len(own & self.shingles) >= SHARE * len(own)), min(HEAVIEST, len(own))


class Data:
    def __init__(self):
        self.rows, self.texts, self.labels, self.weights, self.sites = [], [], [], [], []
        self.by_page, self.references = defaultdict(list), {}

    def load(self, folder, features):
        pages = {page["id"]: page for page in map(json.loads, open(f"{folder}/pages.jsonl", encoding="utf-8"))}
        references = {name: Reference(page) for name, page in pages.items()}
        for row in open(features, encoding="utf-8"):
            name, variant, text, *values = row.rstrip("\n").split("\t")
            key = (f"{folder}, {variant} extraction", name)
            self.references[key] = references[name]
            self.by_page[key].append(len(self.rows))
            self.rows.append(np.array(values, dtype=np.float32))
            self.texts.append(json.loads(text))
            is_body, weight = references[name].label(self.texts[-1])
            self.labels.append(is_body)
            self.weights.append(weight / 10)
            self.sites.append(urlparse(pages[name]["url"] or "").netloc.removeprefix("www.") or name)

    def score(self, odds):
        scores = trees.Scores()
        asked = defaultdict(list)
        for (kind, name), members in self.by_page.items():
            self.add(scores, (kind, name), odds)
            if kind.endswith(" without extraction"):
                folder = kind.removesuffix(" without extraction")
                asked[folder].append(self.is_doubtful(members, odds))
                variant = "with" if asked[folder][-1] else "without"
                self.add(scores, (f"{folder} {variant} extraction", name), odds, f"{folder} as read")
        scores.print()
        for folder, doubtful in asked.items():
            print(f"{folder} the library is asked on {np.mean(doubtful):.2f} of the pages", file=sys.stderr)

    def add(self, scores, page, odds, kind=None):
        members = self.by_page.get(page, [])
        kept = trees.raised(odds[members], LEAST) > 0 if members else []
        kept = [row for row, is_kept in zip(members, kept) if is_kept and not self.rows[row][OUTSIDE]]
        texts = dict.fromkeys(self.texts[row] for row in kept)
        scores.add(kind or page[0], "\n".join(texts), self.references[page].shingles)

    def is_doubtful(self, members, odds):
        weights = np.array(self.weights)[members]
        kept = weights[odds[members] > 0].sum()
        return kept == 0 or weights[np.abs(odds[members]) < DOUBTFUL].sum() > DOUBT * kept


def main(*arguments):
    data = Data()
    for folder, features in zip(arguments[::2], arguments[1::2]):
        data.load(folder, features)
    rows, labels = np.array(data.rows), np.array(data.labels)
    weights = trees.by_page(np.array(data.weights), labels, data.by_page.values())
    print(f"{len(rows)} blocks of {len(set(data.sites))} publishers", file=sys.stderr)
    data.score(trees.held_out_odds(rows, labels, weights, trees.folds(data.sites)))
    trees.print_trees(trees.model().fit(rows, labels, sample_weight=weights))


if __name__ == "__main__":
    main(*sys.argv[1:])
