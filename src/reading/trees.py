"""What the training scripts of the body models share: the score, the smoothing, the folds, and the format of `trees.rs`."""

import re
import sys
from collections import defaultdict

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

FOLDS = 5
SHINGLE = 4
WORD = re.compile(r"[^\W_]+")


# As in trees.rs.
HIGHEST, RAISE = 5, 3.0
# The share of a page's weight that one row has at most.
MOST = 0.5


def model():
    return HistGradientBoostingClassifier(
        max_iter=160,
        learning_rate=0.1,
        max_features=0.3,
        max_leaf_nodes=15,
        min_samples_leaf=20,
        l2_regularization=1.0,
        early_stopping=False,
        random_state=1,
    )


def words(text):
    return [word.lower() for word in WORD.findall(text)]


def shingles(text):
    found = words(text)
    size = min(SHINGLE, len(found))
    return {tuple(found[at : at + size]) for at in range(len(found) - size + 1)} if found else set()


def by_page(weights, labels, pages):
    """Returns weights between those of the rows and those with which every page counts the same."""
    shares = np.zeros(len(weights))
    for members in pages:
        members = np.array(members)
        body = max(weights[members][labels[members] == 1].sum(), 2.0)
        shares[members] = np.minimum(weights[members] / body, MOST)
    return np.sqrt(weights * shares * weights.mean() / shares.mean())


def raised(odds, least):
    """Returns the log-odds of a page, raised if its most probable rows are less probable than those of most bodies."""
    return odds + min(max(least - np.sort(odds)[-HIGHEST:].mean(), 0.0), RAISE)


def smooth(odds, switch):
    """Returns the labels with the greatest sum of log-odds, where each change of label has a cost."""
    keep, remove, back = odds[0], 0.0, []
    for value in odds[1:]:
        back.append((keep >= remove - switch, remove >= keep - switch))
        keep, remove = max(keep, remove - switch) + value, max(remove, keep - switch)
    labels = [keep > remove]
    for stays_kept, stays_removed in reversed(back):
        labels.append(stays_kept if labels[-1] else not stays_removed)
    return labels[::-1]


def folds(sites):
    """Returns, for each fold, a mask of the rows of its held-out publishers."""
    names = sorted(set(sites))
    np.random.RandomState(0).shuffle(names)
    return [np.isin(sites, names[fold::FOLDS]) for fold in range(FOLDS)]


def held_out_odds(rows, labels, weights, held_outs):
    odds = np.zeros(len(rows))
    for held_out in held_outs:
        trained = model().fit(rows[~held_out], labels[~held_out], sample_weight=weights[~held_out])
        odds[held_out] = trained.decision_function(rows[held_out])
    return odds


class Scores:
    """Mean scores of texts by shingles, for each kind of document."""

    def __init__(self):
        self.by_kind = defaultdict(list)

    def add(self, kind, extracted, reference):
        extracted = shingles(extracted)
        common = len(extracted & reference)
        f1 = 2 * common / max(1, len(extracted) + len(reference))
        self.by_kind[kind].append((f1, common / max(1, len(extracted)), common / max(1, len(reference))))

    def print(self):
        for kind, scores in sorted(self.by_kind.items()):
            figures = tuple(np.mean(scores, axis=0))
            print(f"{kind}: F1 %.4f, precision %.3f, recall %.3f" % figures, file=sys.stderr)


def print_trees(trained):
    """Prints the log-odds before any tree, then one tree per line in preorder."""
    print(f"={trained._baseline_prediction.item():.6g}")
    for (predictor,) in trained._predictors:
        print(" ".join(preorder(predictor.nodes, 0)))


def preorder(nodes, at):
    node = nodes[at]
    if node["is_leaf"]:
        return [f"={node['value']:.4g}"]
    fork = f"{node['feature_idx']}:{node['num_threshold']:.6g}"
    return [fork, *preorder(nodes, node["left"]), *preorder(nodes, node["right"])]
