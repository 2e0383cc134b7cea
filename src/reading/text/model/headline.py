"""Trains the model that selects the headline among the lines of a flattened page.

    dateline-bench read DIR --features lines > features.tsv                                  (for each folder)
    python headline.py kept DIR features.tsv [DIR features.tsv ...]                           (writes DIR's name .kept.tsv)
    dateline-bench read DIR --features headlines --kept NAME.kept.tsv > headlines.tsv         (for each folder)
    python headline.py train DIR headlines.tsv [DIR headlines.tsv ...] > headline_trees.txt

The body that the features compare a line with is predicted by a model that was not trained on its publisher. Prints to
standard error how often the best line is the page's title, on publishers that the model was not trained on (five folds),
and to standard output the trees of a model trained on all of them.
"""

import json
import sys
from collections import Counter, defaultdict
from pathlib import Path
from urllib.parse import urlparse

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from train import Data, kept, trees


def model():
    return HistGradientBoostingClassifier(
        max_iter=300,
        learning_rate=0.06,
        max_leaf_nodes=6,
        min_samples_leaf=20,
        l2_regularization=1.0,
        early_stopping=False,
        random_state=1,
    )


def write_kept(*arguments):
    data = Data()
    for folder, features in zip(arguments[::2], arguments[1::2]):
        data.load(folder, features)
    rows, labels, weights = data.arrays()
    odds = trees.held_out_odds(rows, labels, weights, trees.folds(data.sites))
    files = defaultdict(list)
    for (kind, name), members in data.by_document.items():
        folder, variant = kind.rsplit(", ", 1)
        digits = "".join(str(int(is_kept)) for is_kept in kept(odds[members]))
        files[Path(folder).name].append(f"{name}\t{variant}\t{digits}\n")
    for name, lines in files.items():
        Path(f"{name}.kept.tsv").write_text("".join(lines), encoding="utf-8")


def train(*arguments):
    rows, is_title, documents, sites, kinds, weights = [], [], [], [], [], []
    for folder, features in zip(arguments[::2], arguments[1::2]):
        pages = {page["id"]: page for page in map(json.loads, open(f"{folder}/pages.jsonl", encoding="utf-8"))}
        for row in open(features, encoding="utf-8"):
            name, variant, text, *values = row.rstrip("\n").split("\t")
            page = pages[name]
            rows.append(np.array(values, dtype=np.float32))
            is_title.append(trees.words(json.loads(text)) == trees.words(page["title"] or ""))
            documents.append((folder, variant, name))
            sites.append(urlparse(page["url"] or "").netloc.removeprefix("www.") or name)
            kinds.append(f"{folder}, {variant}")
            # Whole pages are the hard ones, and the first folder is what the model is for.
            weights.append((2 if variant == "full" else 1) * (2 if folder == arguments[0] else 1))
    rows, is_title, sites, weights = map(np.array, (rows, is_title, sites, weights))
    members = defaultdict(list)
    for at, document in enumerate(documents):
        members[document].append(at)
    # A page whose title is not among its lines gives no training signal.
    has_title = {document for document, found in members.items() if is_title[found].any()}
    useful = np.array([document in has_title for document in documents])
    odds = np.zeros(len(rows))
    for held_out in trees.folds(sites):
        chosen = ~held_out & useful
        fitted = model().fit(rows[chosen], is_title[chosen], sample_weight=weights[chosen])
        odds[held_out] = fitted.decision_function(rows[held_out])
    correct, reachable, totals = Counter(), Counter(), Counter()
    for document, found in members.items():
        kind = kinds[found[0]]
        totals[kind] += 1
        reachable[kind] += document in has_title
        correct[kind] += is_title[found][np.argmax(odds[found])]
    for kind, count in sorted(totals.items()):
        figures = (kind, correct[kind] / count, reachable[kind] / count, count)
        print("%s: right %.3f, among the lines %.3f, of %d" % figures, file=sys.stderr)
    trees.print_trees(model().fit(rows[useful], is_title[useful], sample_weight=weights[useful]))


{"kept": write_kept, "train": train}[sys.argv[1]](*sys.argv[2:])
