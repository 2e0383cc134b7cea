"""Checks that template.yaml and infra/ are correct and consistent, without an AWS account.

python tests/template/check.py                      every rule; one line per finding; exit code 1 if there are any
python tests/template/check.py --self-test          check that the right rule finds each seeded fault
python tests/template/check.py --table-definition   print the table as CloudFormation will create it, as JSON
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
    # A rule may already have findings; the faulty copy must produce new ones.
    before = {rule: set(rule(stack)) for rule in RULES}
    for name, rule, spoil in FAULTS:
        faulty = stack.copy()
        spoil(faulty)
        if not set(rule(faulty.translate())) - before[rule]:
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
    modes.add_argument("--self-test", action="store_true", help="seed faults and check that each is found")
    modes.add_argument("--table-definition", action="store_true", help="print the table's definition as JSON")
    options = parser.parse_args()
    stack = Stack.load()
    if options.table_definition:
        print(json.dumps(stack.table_definition(), indent=2))
        return 0
    passed, failed = (self_test if options.self_test else check)(stack)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
