"""Checks the licences of the dependencies, and that no crate comes in a version more than is known.

`cargo deny` does the same and takes three minutes to build; this reads what `cargo metadata` prints.
"""

import json
import re
import subprocess
import sys
from collections import defaultdict

# Permissive licences, and MPL-2.0, whose terms end at its own files.
ALLOWED = {
    "0BSD", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0",
    "CDLA-Permissive-2.0", "ISC", "MIT", "MPL-2.0", "Unicode-3.0", "Unlicense", "Zlib", "zlib-acknowledgement",
}  # fmt: skip

# Crates in several versions, because two dependencies need different ones. An entry that is no longer needed is an error.
SEVERAL = {
    "base64": 2, "crypto-common": 2, "cssparser": 2, "digest": 2, "embedded-io": 2, "foldhash": 2, "getrandom": 3,
    "hashbrown": 2, "hashlink": 2, "html5ever": 2, "itertools": 2, "markup5ever": 2, "num-bigint": 2, "phf": 3, "phf_codegen": 2,
    "phf_generator": 3, "phf_macros": 2, "phf_shared": 3, "quick-xml": 2, "r-efi": 2, "rand": 3, "rand_core": 3,
    "regex-automata": 2, "string_cache": 2, "string_cache_codegen": 2, "syn": 3, "thiserror": 2, "thiserror-impl": 2,
    "tower-http": 2, "web_atoms": 2, "windows-sys": 2,
}  # fmt: skip


def is_allowed(licence):
    """Whether one alternative of an SPDX expression has only allowed licences. `/` is an old spelling of `OR`."""
    alternatives = re.split(r" OR |/", re.sub(r" ?/ ?", "/", licence))
    # `(MIT OR Apache-2.0) AND Unicode-3.0`: each part of a conjunction needs an alternative.
    parts = [part.strip("() ") for part in re.split(r" AND (?![^(]*\))", licence)]
    if len(parts) > 1:
        return all(is_allowed(part) for part in parts)
    return any(part.strip("() ") in ALLOWED for part in alternatives)


def main():
    metadata = ["cargo", "metadata", "--format-version", "1", "--locked"]
    packages = json.loads(subprocess.run(metadata, capture_output=True, text=True, check=True).stdout)["packages"]
    faults, versions = [], defaultdict(set)
    for package in packages:
        versions[package["name"]].add(package["version"])
        if not is_allowed(package["license"] or ""):
            faults.append(f"{package['name']}: the licence {package['license']} is not allowed")
    several = {name: len(found) for name, found in versions.items() if len(found) > 1}
    for name in sorted(several.keys() | SEVERAL.keys()):
        if several.get(name, 1) != SEVERAL.get(name, 1):
            faults.append(f"{name}: {several.get(name, 1)} versions, expected {SEVERAL.get(name, 1)}")
    if faults:
        sys.exit("\n".join(faults))
    print(f"dependencies: {len(packages)} crates, licences allowed")


main()
