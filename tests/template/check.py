"""Checks template.yaml, infra/ and how they fit together, without an AWS account.

python tests/template/check.py                      every rule; one line for each finding; exit code 1 if there is one
python tests/template/check.py --self-test          that each seeded fault is found by the rule that should find it
python tests/template/check.py --table-definition   the table as CloudFormation will make it, as JSON
"""

import argparse
import json
import sys

from faults import FAULTS
from rules import RULES
from stack import Stack


def check(stack):
    failed = 0
    for rule in RULES:
        findings = sorted(set(rule(stack)))
        failed += bool(findings)
        for finding in findings:
            print(f"{rule.__name__}: {finding}")
    return len(RULES) - failed, failed


def self_test(stack):
    failed = 0
    # A rule may already complain of something; what counts is that it says more about the spoilt copy.
    before = {rule: set(rule(stack)) for rule in RULES}
    for name, rule, spoil in FAULTS:
        spoilt = stack.copy()
        spoil(spoilt)
        if not set(rule(spoilt.translate())) - before[rule]:
            failed += 1
            print(f"{rule.__name__}: did not find the fault: {name}")
    for rule in RULES:
        if rule not in {caught_by for _, caught_by, _ in FAULTS}:
            failed += 1
            print(f"{rule.__name__}: no fault is seeded for it")
    return len(FAULTS) - failed, failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    modes = parser.add_mutually_exclusive_group()
    modes.add_argument("--self-test", action="store_true", help="seed faults and require each to be found")
    modes.add_argument("--table-definition", action="store_true", help="print the table's definition as JSON")
    asked = parser.parse_args()
    stack = Stack.load()
    if asked.table_definition:
        print(json.dumps(stack.table_definition(), indent=2))
        return 0
    passed, failed = (self_test if asked.self_test else check)(stack)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
