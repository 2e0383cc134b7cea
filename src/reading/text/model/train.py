"""Trains the model that separates the lines of the body from the rest of a flattened page.

    dateline-bench read DIR --features lines > features.tsv
    python train.py DIR features.tsv [DIR features.tsv ...] > trees.txt

DIR contains `pages.jsonl` and `flattened.jsonl.gz`, the input of `dateline-bench read`. Prints to standard error the
model's scores on publishers that it was not trained on (five folds, grouped by publisher), and to standard output the
trees of a model trained on all of them, in the format of `../../trees.rs`.
"""

import gzip
import json
import sys
from collections import defaultdict
from pathlib import Path
from urllib.parse import urlparse

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))
import trees

# As in ../model.rs.
LEAST, SWITCH = 3.0, 0.3
# A line counts by its shingles, up to this many.
HEAVIEST = 60


class Data:
    def __init__(self):
        self.rows, self.texts, self.labels, self.weights, self.sites = [], [], [], [], []
        self.by_document, self.titles, self.references = defaultdict(list), {}, {}

    def load(self, folder, features):
        pages = {page["id"]: page for page in map(json.loads, open(f"{folder}/pages.jsonl", encoding="utf-8"))}
        documents = map(json.loads, gzip.open(f"{folder}/flattened.jsonl.gz", "rt", encoding="utf-8"))
        documents = {(document["id"], document["variant"]): document for document in documents}
        for row in open(features, encoding="utf-8"):
            name, variant, start, end, *values = row.rstrip("\n").split("\t")
            document = documents[name, variant]
            key = (f"{folder}, {variant}", name)
            if key not in self.references:
                raw = "\n".join(document["lines"]).encode()
                self.references[key] = trees.shingles(pages[name]["body"])
                self.titles[key] = (document.get("title") or "").strip()
            self.by_document[key].append(len(self.rows))
            self.rows.append(np.array(values, dtype=np.float32))
            text = raw[int(start) : int(end)].decode()
            self.texts.append(text)
            self.labels.append(label(document, int(start), int(end)))
            self.weights.append(min(HEAVIEST, max(1, len(trees.shingles(text)))) / 10)
            self.sites.append(urlparse(pages[name]["url"] or "").netloc.removeprefix("www.") or name)

    def arrays(self):
        labels = np.array(self.labels)
        return np.array(self.rows), labels, trees.by_page(np.array(self.weights), labels, self.by_document.values())

    def score(self, odds):
        scores = trees.Scores()
        for key, members in self.by_document.items():
            texts = [self.texts[row] for row, keep in zip(members, kept(odds[members])) if keep]
            text = "\n".join(line for line in texts if line.strip() != self.titles[key])
            scores.add(key[0], text, self.references[key])
        scores.print()


def kept(odds):
    return trees.smooth(trees.raised(odds, LEAST), SWITCH)


def label(document, start, end):
    at, labels = 0, []
    for line, is_body in zip(document["lines"], document["labels"]):
        stop = at + len(line.encode())
        if at < end and stop > start:
            labels.append(is_body)
        at = stop + 1
    return int(bool(labels) and sum(labels) * 2 >= len(labels))


def main(*arguments):
    data = Data()
    for folder, features in zip(arguments[::2], arguments[1::2]):
        data.load(folder, features)
    rows, labels, weights = data.arrays()
    print(f"{len(rows)} lines of {len(set(data.sites))} publishers", file=sys.stderr)
    data.score(trees.held_out_odds(rows, labels, weights, trees.folds(data.sites)))
    trees.print_trees(trees.model().fit(rows, labels, sample_weight=weights))


if __name__ == "__main__":
    main(*sys.argv[1:])
