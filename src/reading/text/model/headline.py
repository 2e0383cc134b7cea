"""Fits the weights of `../headline.rs`, which separate the headline from the other lines above the body.

    dateline-bench read DIR --features lines > features.tsv
    python headline.py DIR features.tsv [DIR features.tsv ...]

The arguments are those of train.py. Each page's body is predicted by a model that was not trained on its site. Prints
how often the best line is the page's title, on sites that the weights were not fitted to, and the weights fitted to all
sites.
"""

import re
import sys
from collections import Counter

import numpy as np
from sklearn.linear_model import LogisticRegression

from train import BIAS, SWITCH, Data, trees

# Indices of a line's features, see ../features.rs.
SENTENCE, PROSE, BOILERPLATE, DATE, BYLINE = 2, 3, 13, 17, 18
# As in ../headline.rs.
ABOVE_BODY, WORDS_MAX, CHARS_MAX, TITLE_WORDS, TITLE_ABOVE_BODY, COPY, METADATA = 60, 32, 250, 3, 8, 4, 5
NAMES = ["length", "words", "better", "repeated", "metadata", "statement", "boilerplate", "top", "first", "first near"]
ASKS = re.compile(r"[?!？！؟][)\]\"”»]*$")


def long_words(text):
    return {word for word in trees.words(text) if len(word) >= 4}


def lines_above(texts, kept, features):
    """Returns the indices of the lines that may be the headline, and the features of each."""
    flagged = lambda at, column: features[at, column] > 0
    prose = (at for at, keep in enumerate(kept) if keep and flagged(at, PROSE))
    body = next((at for at in prose if not ASKS.search(texts[at])), None)
    if body is None:
        return [], np.empty((0, len(NAMES)))
    common = Counter(word for text, keep in zip(texts, kept) if keep for word in long_words(text))
    is_metadata = lambda at: flagged(at, DATE) or flagged(at, BYLINE)
    fits = lambda text: 1 <= len(text.split()) <= WORDS_MAX and len(text) <= CHARS_MAX
    near = [at for at in range(body) if at == 0 or body - at <= ABOVE_BODY]
    candidates = [at for at in near if not flagged(at, BOILERPLATE) and not is_metadata(at) and fits(texts[at])]
    times = {at: [common[word] - kept[at] for word in long_words(texts[at])] for at in candidates}
    sums = {at: np.log1p(times[at]).sum() for at in candidates}
    first = next((at for at in range(body) if not flagged(at, BOILERPLATE)), None)
    rows = []
    for at in candidates:
        length = len(texts[at].split())
        shared = sum(count > 0 for count in times[at])
        rows.append([
            4 <= length <= 16,
            sums[at] / max(1, len(times[at])),
            np.log1p(sum(other > sums[at] for other in sums.values())),
            length >= TITLE_WORDS and texts[max(0, at - COPY) : at + COPY + 1].count(texts[at]) > 1,
            any(is_metadata(after) for after in range(at + 1, min(len(texts), at + 1 + METADATA))),
            flagged(at, SENTENCE) and not ASKS.search(texts[at]),
            sum(flagged(before, BOILERPLATE) for before in range(max(0, at - 3), at)),
            at == 0,
            at == first and length >= TITLE_WORDS and 0 < shared >= len(times[at]) / 2,
            at == first and body - at <= TITLE_ABOVE_BODY,
        ])
    return candidates, np.array(rows, dtype=float).reshape(-1, len(NAMES))


def main(*arguments):
    data = Data()
    for folder, features in zip(arguments[::2], arguments[1::2]):
        data.load(folder, features)
    rows, labels, weights = data.arrays()
    held_outs = trees.folds(data.sites)
    odds = trees.held_out_odds(rows, labels, weights, held_outs)
    is_title, values, fold_of, keys = [], [], [], []
    for key, members in data.by_document.items():
        lines = [data.texts[row] for row in members]
        kept = trees.smooth(odds[members], BIAS, SWITCH)
        candidates, candidate_values = lines_above(lines, kept, rows[members])
        title = trees.words(data.titles[key])
        is_title.append(np.array([trees.words(lines[at]) == title for at in candidates], dtype=bool))
        values.append(candidate_values)
        fold_of.append(next(number for number, held_out in enumerate(held_outs) if held_out[members[0]]))
        keys.append(key)

    def fit(chosen):
        # A page whose title is not among its candidate lines gives no training signal.
        chosen = [document for document in chosen if is_title[document].any()]
        regression = LogisticRegression(max_iter=5000)
        inputs = np.vstack([values[document] for document in chosen])
        return regression.fit(inputs, np.concatenate([is_title[document] for document in chosen]))

    correct, totals = Counter(), Counter()
    for fold in range(len(held_outs)):
        fitted = fit([document for document in range(len(keys)) if fold_of[document] != fold])
        for document in (document for document in range(len(keys)) if fold_of[document] == fold):
            variant, _ = keys[document]
            totals[variant] += 1
            if len(values[document]):
                best = np.argmax(fitted.decision_function(values[document]))
                correct[variant] += is_title[document][best]
    for variant, count in sorted(totals.items()):
        print(f"{variant}: {correct[variant] / count:.3f} of {count}")
    for name, weight in zip(NAMES, fit(range(len(keys))).coef_[0]):
        print(f"{name}: {weight:.2f}")


main(*sys.argv[1:])
