"""Trains the model that tells the lines of a story from the rest of a flattened page.

    dateline bench read DIR --features > features.tsv
    python train.py DIR features.tsv > trees.txt

DIR holds `pages.jsonl` and `flattened.jsonl.gz` as `dateline bench read` takes them. Prints to standard error what the model
reaches on sites that it was not trained on (five folds, grouped by site), and to standard output the trees of the model that
is trained on all of them: a line a tree, in preorder, `feature:threshold` for a fork (left where the feature is not above it)
and `=value` for a leaf; the first line is the value before any tree.
"""

import gzip
import json
import re
import sys
from collections import defaultdict
from urllib.parse import urlparse

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

# As in model.rs.
BIAS, SWITCH = 1.0, 0.6
FOLDS = 5
WORD = re.compile(r"[^\W_]+")


def model():
    return HistGradientBoostingClassifier(
        max_iter=70, learning_rate=0.14, max_leaf_nodes=15, min_samples_leaf=60, l2_regularization=1.0, random_state=1
    )


def shingles(text):
    words = [word.lower() for word in WORD.findall(text)]
    size = min(4, len(words))
    return {tuple(words[at : at + size]) for at in range(len(words) - size + 1)} if words else set()


def smooth(odds):
    """The labels of the greatest sum, where every change of label costs."""
    odds = odds + BIAS
    keep, remove, back = odds[0], 0.0, []
    for value in odds[1:]:
        back.append((keep >= remove - SWITCH, remove >= keep - SWITCH))
        keep, remove = max(keep, remove - SWITCH) + value, max(remove, keep - SWITCH)
    labels = [keep > remove]
    for stays_kept, stays_removed in reversed(back):
        labels.append(stays_kept if labels[-1] else not stays_removed)
    return labels[::-1]


def load(folder, features):
    pages = {page["id"]: page for page in map(json.loads, open(f"{folder}/pages.jsonl", encoding="utf-8"))}
    documents = map(json.loads, gzip.open(f"{folder}/flattened.jsonl.gz", "rt", encoding="utf-8"))
    documents = {(it["id"], it["variant"]): it for it in documents}
    rows, labels, places, by_document = [], [], [], defaultdict(list)
    for row in open(features, encoding="utf-8"):
        name, variant, start, end, *values = row.rstrip("\n").split("\t")
        key, start, end = (name, variant), int(start), int(end)
        by_document[key].append(len(rows))
        rows.append(list(map(float, values)))
        places.append((start, end))
        labels.append(label(documents[key], start, end))
    return pages, documents, np.array(rows, dtype=np.float32), np.array(labels), places, by_document


def label(document, start, end):
    at, found = 0, []
    for line, of_story in zip(document["lines"], document["labels"]):
        stop = at + len(line.encode())
        if at < end and stop > start:
            found.append(of_story)
        at = stop + 1
    return int(bool(found) and sum(found) * 2 >= len(found))


def score(pages, documents, odds, places, by_document):
    totals = defaultdict(list)
    for key, rows in by_document.items():
        document = documents[key]
        text = "\n".join(document["lines"]).encode()
        kept = [text[slice(*places[row])].decode() for row, keep in zip(rows, smooth(odds[rows])) if keep]
        title = (document.get("title") or "").strip()
        found, known = shingles("\n".join(it for it in kept if it.strip() != title)), shingles(pages[key[0]]["body"])
        common = len(found & known)
        totals[key[1]].append((2 * common / max(1, len(found) + len(known)), common / max(1, len(known))))
    for variant, scores in sorted(totals.items()):
        print(f"{variant}: F1 %.3f, recall %.3f" % tuple(np.mean(scores, axis=0)), file=sys.stderr)


def tree(nodes, at):
    node = nodes[at]
    if node["is_leaf"]:
        return [f"={node['value']:.4g}"]
    fork = f"{node['feature_idx']}:{node['num_threshold']:.5g}"
    return [fork, *tree(nodes, node["left"]), *tree(nodes, node["right"])]


def folds(pages, by_document, count):
    """For each fold, which rows are of the sites that it leaves out."""
    sites = {name: urlparse(page["url"]).netloc.removeprefix("www.") for name, page in pages.items()}
    site_of = np.empty(count, dtype=object)
    for (name, _), members in by_document.items():
        site_of[members] = sites[name]
    names = sorted(set(site_of))
    np.random.RandomState(0).shuffle(names)
    return [np.isin(site_of, names[fold::FOLDS]) for fold in range(FOLDS)]


def held_out_odds(rows, labels, held_outs):
    odds = np.zeros(len(rows))
    for held_out in held_outs:
        odds[held_out] = model().fit(rows[~held_out], labels[~held_out]).decision_function(rows[held_out])
    return odds


def main(folder, features):
    pages, documents, rows, labels, places, by_document = load(folder, features)
    odds = held_out_odds(rows, labels, folds(pages, by_document, len(rows)))
    score(pages, documents, odds, places, by_document)
    trained = model().fit(rows, labels)
    print(f"={trained._baseline_prediction.item():.6g}")
    for (predictor,) in trained._predictors:
        print(" ".join(tree(predictor.nodes, 0)))


if __name__ == "__main__":
    main(*sys.argv[1:])
