"""Writes the lists of first names and surnames in this folder: one name per line, in lower case, sorted.

    python gazetteers.py

Sources: the names of the 1990 census of the United States, as the package `names` has them (public domain), and the
names of the locales in Latin script of `Faker` (MIT). Of the surnames of the census, the most frequent.
"""

import importlib
import pkgutil
import unicodedata
from pathlib import Path

import faker.providers.person
import names

SURNAMES = 12_000
FOLDER = Path(__file__).parent


def census(file, most=None):
    rows = open(Path(names.__file__).parent / file, encoding="ascii").read().splitlines()
    return [row.split()[0].lower() for row in rows[:most]]


def locales(members):
    for module in pkgutil.iter_modules(faker.providers.person.__path__):
        provider = importlib.import_module(f"faker.providers.person.{module.name}").Provider
        for member in members:
            found = getattr(provider, member, ())
            yield from () if isinstance(found, property) else found


def is_name(name):
    latin = all(not letter.isalpha() or "LATIN" in unicodedata.name(letter) for letter in name)
    return latin and len(name) > 1 and name.replace("-", "").replace("'", "").isalpha()


def write(file, found):
    kept = sorted({name.lower() for name in found if is_name(name)})
    (FOLDER / file).write_text("\n".join(kept) + "\n", encoding="utf-8")


first = ["first_names", "first_names_male", "first_names_female", "first_names_nonbinary", "first_romanized_names"]
last = ["last_names", "last_names_male", "last_names_female", "last_romanized_names"]
write("first_names.txt", [*census("dist.male.first"), *census("dist.female.first"), *locales(first)])
write("surnames.txt", [*census("dist.all.last", SURNAMES), *locales(last)])
