"""Fits the weights of `../headline.rs`: what tells a headline from the other lines above a story.

    dateline bench read DIR --features > features.tsv
    python headline.py DIR features.tsv

Takes what train.py takes. The stories are those that a model finds which was not trained on their sites. Prints how often the
best line is the known title, on sites that the weights were not fitted to, and the weights that are fitted to all of them.
"""

import re
import sys
from collections import Counter

import numpy as np
from sklearn.linear_model import LogisticRegression

from train import WORD, folds, held_out_odds, load, smooth

# Places among the features of a line, see ../features.rs.
SENTENCE, PROSE, FURNITURE, DATE, BYLINE = 2, 3, 13, 17, 18
# As in ../headline.rs.
ABOVE_STORY, WORDS_MAX, CHARS_MAX, TITLE_WORDS, TITLE_ABOVE_STORY, COPY, MARK = 60, 32, 250, 3, 8, 4, 5
NAMES = ["length", "words", "better", "repeated", "mark", "statement", "furniture", "top", "first", "first near"]
ASKS = re.compile(r"[?!？！؟][)\]\"”»]*$")


def long_words(text):
    return {word.lower() for word in WORD.findall(text) if len(word) >= 4}


def lines_above(texts, kept, features):
    """The lines that may be the headline, and what speaks for each."""
    flagged = lambda at, column: features[at, column] > 0
    story = next((at for at, keep in enumerate(kept) if keep and flagged(at, PROSE) and not ASKS.search(texts[at])), None)
    if story is None:
        return [], np.empty((0, len(NAMES)))
    told = Counter(word for text, keep in zip(texts, kept) if keep for word in long_words(text))
    mark = lambda at: flagged(at, DATE) or flagged(at, BYLINE)
    fits = lambda text: 1 <= len(text.split()) <= WORDS_MAX and len(text) <= CHARS_MAX
    near = [at for at in range(story) if at == 0 or story - at <= ABOVE_STORY]
    found = [at for at in near if not flagged(at, FURNITURE) and not mark(at) and fits(texts[at])]
    times = {at: [told[word] - kept[at] for word in long_words(texts[at])] for at in found}
    sums = {at: np.log1p(times[at]).sum() for at in found}
    first = next((at for at in range(story) if not flagged(at, FURNITURE)), None)
    rows = []
    for at in found:
        length = len(texts[at].split())
        shared = sum(it > 0 for it in times[at])
        rows.append([
            4 <= length <= 16,
            sums[at] / max(1, len(times[at])),
            np.log1p(sum(it > sums[at] for it in sums.values())),
            length >= TITLE_WORDS and texts[max(0, at - COPY) : at + COPY + 1].count(texts[at]) > 1,
            any(mark(it) for it in range(at + 1, min(len(texts), at + 1 + MARK))),
            flagged(at, SENTENCE) and not ASKS.search(texts[at]),
            sum(flagged(it, FURNITURE) for it in range(max(0, at - 3), at)),
            at == 0,
            at == first and length >= TITLE_WORDS and 0 < shared >= len(times[at]) / 2,
            at == first and story - at <= TITLE_ABOVE_STORY,
        ])
    return found, np.array(rows, dtype=float).reshape(-1, len(NAMES))


def main(folder, features):
    pages, documents, rows, labels, places, by_document = load(folder, features)
    held_outs = folds(pages, by_document, len(rows))
    odds = held_out_odds(rows, labels, held_outs)
    texts, titles, values, fold_of, keys = [], [], [], [], []
    for key, members in by_document.items():
        raw = "\n".join(documents[key]["lines"]).encode()
        lines = [raw[slice(*places[row])].decode() for row in members]
        found, spoken = lines_above(lines, smooth(odds[members]), rows[members])
        known = [word.lower() for word in WORD.findall(documents[key].get("title") or "")]
        texts.append(found)
        titles.append(np.array([[it.lower() for it in WORD.findall(lines[at])] == known for at in found], dtype=bool))
        values.append(spoken)
        fold_of.append(next(number for number, held_out in enumerate(held_outs) if held_out[members[0]]))
        keys.append(key)

    def fit(chosen):
        # A page whose title is none of its lines teaches nothing.
        chosen = [it for it in chosen if titles[it].any()]
        regression = LogisticRegression(max_iter=5000)
        return regression.fit(np.vstack([values[it] for it in chosen]), np.concatenate([titles[it] for it in chosen]))

    right, all_of = Counter(), Counter()
    for fold in range(len(held_outs)):
        fitted = fit([it for it in range(len(keys)) if fold_of[it] != fold])
        for it in (it for it in range(len(keys)) if fold_of[it] == fold):
            all_of[keys[it][1]] += 1
            if len(values[it]):
                right[keys[it][1]] += titles[it][np.argmax(fitted.decision_function(values[it]))]
    for variant, count in sorted(all_of.items()):
        print(f"{variant}: {right[variant] / count:.3f} of {count}")
    for name, weight in zip(NAMES, fit(range(len(keys))).coef_[0]):
        print(f"{name}: {weight:.2f}")


main(*sys.argv[1:])
