"""Trains the model that separates the lines of the body from the rest of a flattened page.

    dateline-bench read DIR --features > features.tsv
    python train.py DIR features.tsv > trees.txt

DIR contains `pages.jsonl` and `flattened.jsonl.gz`, the input of `dateline-bench read`. Prints to standard error the
model's scores on sites that it was not trained on (five folds, grouped by site), and to standard output the trees of a
model trained on all sites: one tree per line, in preorder, `feature:threshold` for a fork (left if the feature is not
above the threshold) and `=value` for a leaf. The first line is the log-odds before any tree.
"""

import gzip
import json
import re
import sys
from collections import defaultdict
from urllib.parse import urlparse

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

# As in ../model.rs.
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
    """Returns the labels with the greatest sum of log-odds, where each change of label has a cost."""
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
    documents = {(document["id"], document["variant"]): document for document in documents}
    rows, labels, spans, by_document = [], [], [], defaultdict(list)
    for row in open(features, encoding="utf-8"):
        name, variant, start, end, *values = row.rstrip("\n").split("\t")
        key, start, end = (name, variant), int(start), int(end)
        by_document[key].append(len(rows))
        rows.append(list(map(float, values)))
        spans.append((start, end))
        labels.append(label(documents[key], start, end))
    return pages, documents, np.array(rows, dtype=np.float32), np.array(labels), spans, by_document


def label(document, start, end):
    at, labels = 0, []
    for line, is_body in zip(document["lines"], document["labels"]):
        stop = at + len(line.encode())
        if at < end and stop > start:
            labels.append(is_body)
        at = stop + 1
    return int(bool(labels) and sum(labels) * 2 >= len(labels))


def score(pages, documents, odds, spans, by_document):
    totals = defaultdict(list)
    for key, rows in by_document.items():
        document = documents[key]
        text = "\n".join(document["lines"]).encode()
        kept = [text[slice(*spans[row])].decode() for row, keep in zip(rows, smooth(odds[rows])) if keep]
        title = (document.get("title") or "").strip()
        extracted = shingles("\n".join(line for line in kept if line.strip() != title))
        reference = shingles(pages[key[0]]["body"])
        common = len(extracted & reference)
        f1 = 2 * common / max(1, len(extracted) + len(reference))
        totals[key[1]].append((f1, common / max(1, len(reference))))
    for variant, scores in sorted(totals.items()):
        print(f"{variant}: F1 %.3f, recall %.3f" % tuple(np.mean(scores, axis=0)), file=sys.stderr)


def tree(nodes, at):
    node = nodes[at]
    if node["is_leaf"]:
        return [f"={node['value']:.4g}"]
    fork = f"{node['feature_idx']}:{node['num_threshold']:.5g}"
    return [fork, *tree(nodes, node["left"]), *tree(nodes, node["right"])]


def folds(pages, by_document, count):
    """Returns, for each fold, a mask of the rows of its held-out sites."""
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
    pages, documents, rows, labels, spans, by_document = load(folder, features)
    odds = held_out_odds(rows, labels, folds(pages, by_document, len(rows)))
    score(pages, documents, odds, spans, by_document)
    trained = model().fit(rows, labels)
    print(f"={trained._baseline_prediction.item():.6g}")
    for (predictor,) in trained._predictors:
        print(" ".join(tree(predictor.nodes, 0)))


if __name__ == "__main__":
    main(*sys.argv[1:])
