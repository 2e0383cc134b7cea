"""Looks for the words that this project no longer uses: names, and turns of phrase in comments, messages and documents.

`tests/language/words.tsv` lists them: a regular expression, where it is searched for (`code`, `comments`, `prose`: comments
and strings, or `both`: code and prose), and what to say instead.
"""

import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PROSE_ONLY = {".md", ".yaml", ".toml"}
SUFFIXES = PROSE_ONLY | {".rs", ".py", ""}
FOLDERS = ["benches", "docs", "fuzz", "infra", "src", "tests"]


def words():
    lines = (HERE / "words.tsv").read_text().splitlines()
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return [(re.compile(pattern), where, instead) for pattern, where, instead in rows]


def files():
    """The project's text files, without generated ones and those in others' words or in other languages."""
    top = [path for path in ROOT.iterdir() if path.is_file()]
    for path in [*top, *(path for folder in FOLDERS for path in (ROOT / folder).rglob("*"))]:
        if path.is_file() and path.suffix in SUFFIXES and "target" not in path.parts and path.parent != HERE:
            yield path


def split(path, line):
    """A line's code, its comments, and its prose: comments and strings."""
    if path.suffix in PROSE_ONLY or path.suffix == "":
        return "", line, line
    comment = re.search(r"(^|\s)(//[/!]?|#)\s.*", line)
    code = line[: comment.start()] if comment else line
    strings = re.findall(r'"(?:[^"\\]|\\.)*"', code)
    code = re.sub(r'"(?:[^"\\]|\\.)*"', '""', code)
    comment = comment.group() if comment else ""
    return code, comment, " ".join([*strings, comment])


def main():
    looked_for = words()
    found = []
    for path in files():
        name = str(path.relative_to(ROOT))
        for number, line in enumerate(path.read_text().splitlines(), 1):
            code, comments, prose = split(path, line)
            for pattern, where, instead in looked_for:
                match = pattern.search({"code": code, "comments": comments, "prose": prose}[where])
                if match:
                    found.append(f"{name}:{number}: {match.group().strip()!r}: {instead}")
    print("\n".join(found) or "language: nothing found")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
