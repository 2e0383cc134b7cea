"""Trains the tagger of names.

    dateline-bench names --features FILE > features.tsv     (for each file)
    python train.py features.tsv ... > weights.txt

Prints to standard error, for each file, precision and recall of the names of its documents, with models that were not
trained on the document (five folds), at several probabilities; and to standard output the weights of a model trained
on all of them, in the format of `../mod.rs`. Of people, only names of two words or more count.
"""

import random
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import pycrfsuite

LABELS = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"]
FOLDS = 5
# Single words of titles, as in ../../titles.tsv.
ROWS = (Path(__file__).parents[2] / "titles.tsv").read_text(encoding="utf-8").splitlines()
TITLES = {row.split("\t")[0].rstrip(".") for row in ROWS if not row.startswith("#")}
TITLES |= {word for title in TITLES for word in title.split()}
# Weights of the penalties (elastic net), and the passes.
C1, C2, PASSES = 0.1, 0.05, 120
# Features that occur once say nothing of other texts.
LEAST = 2


def load(path):
    """Documents as lists of paragraphs: words, labels, features."""
    documents, paragraph, document = [], [], []
    for line in open(path, encoding="utf-8"):
        line = line.rstrip("\n")
        if line == "-":
            documents.append(document)
            document = []
        elif not line:
            if paragraph:
                document.append(tuple(map(list, zip(*paragraph))))
            paragraph = []
        else:
            word, label, *features = line.split("\t")
            paragraph.append((word, label, features))
    for document in documents:
        for words, labels, _ in document:
            without_titles(words, labels)
    return documents


def without_titles(words, labels):
    """Moves the beginning of a person's name behind the titles, which some of the gold names include."""
    for at in range(len(words) - 1):
        if labels[at] == "B-PER" and labels[at + 1] == "I-PER" and words[at].lower().rstrip(".") in TITLES:
            labels[at], labels[at + 1] = "O", "B-PER"


def fit(documents, file):
    trainer = pycrfsuite.Trainer(verbose=False)
    for document in documents:
        for _, labels, features in document:
            trainer.append(list(features), list(labels))
    trainer.set_params({"c1": C1, "c2": C2, "max_iterations": PASSES, "feature.minfreq": LEAST})
    trainer.train(file)
    tagger = pycrfsuite.Tagger()
    tagger.open(file)
    return tagger


def gold(document):
    found = set()
    for words, labels, _ in document:
        at = 0
        while at < len(labels):
            end = at + 1
            if labels[at] != "O":
                kind = labels[at][2:]
                while end < len(labels) and labels[end] == f"I-{kind}":
                    end += 1
                found.add((kind, " ".join(words[at:end])))
            at = end
    return found


def tagged(tagger, document):
    """The names of a document, each with its highest probability."""
    found = defaultdict(float)
    for words, _, features in document:
        path = tagger.tag(list(features))
        at = 0
        while at < len(path):
            end = at + 1
            if path[at] != "O":
                kind = path[at][2:]
                while end < len(path) and path[end] == f"I-{kind}":
                    end += 1
                odds = [tagger.marginal(path[word], word) for word in range(at, end)]
                if end < len(path):
                    odds.append(1 - tagger.marginal(f"I-{kind}", end))
                key = (kind, " ".join(words[at:end]))
                found[key] = max(found[key], min(odds))
            at = end
    return found


def counts(name):
    kind, words = name
    return kind != "PER" or " " in words


def report(name, results):
    print(name, file=sys.stderr)
    for kind in ["PER", "ORG", "LOC"]:
        line = f"  {kind}"
        for least in [0.0, 0.5, 0.7, 0.8, 0.9, 0.95]:
            right = predicted = known = 0
            for answers, found in results:
                answers = {answer for answer in answers if answer[0] == kind and counts(answer)}
                kept = {key for key, odds in found.items() if key[0] == kind and counts(key) and odds >= least}
                right, predicted, known = right + len(answers & kept), predicted + len(kept), known + len(answers)
            line += f"   {least:.2f}: {right / max(1, predicted):.3f} {right / max(1, known):.3f}"
        print(line, "  (probability: precision, recall)", file=sys.stderr)


def write(tagger):
    info = tagger.info()
    for before in LABELS:
        print(" ".join(str(round(100 * info.transitions.get((before, after), 0))) for after in LABELS))
    weights = defaultdict(dict)
    for (feature, label), weight in info.state_features.items():
        if round(100 * weight):
            weights[feature][LABELS.index(label)] = max(-32000, min(32000, round(100 * weight)))
    for feature in sorted(weights, key=lambda feature: int(feature, 16)):
        print(feature, *(f"{label}:{weight}" for label, weight in sorted(weights[feature].items())))


def main():
    files = {path: load(path) for path in sys.argv[1:]}
    documents = [(path, document) for path, found in files.items() for document in found]
    random.Random(1).shuffle(documents)
    results = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        for fold in range(FOLDS):
            rest = [document for at, (_, document) in enumerate(documents) if at % FOLDS != fold]
            tagger = fit(rest, f"{folder}/{fold}")
            for path, document in documents[fold::FOLDS]:
                results[path].append((gold(document), tagged(tagger, document)))
        for path, scored in results.items():
            report(path, scored)
        write(fit([document for _, document in documents], f"{folder}/all"))


main()
