"""Findings of SAM and cfn-lint, before this project's own rules."""

import json

from cfnlint.api import ManualArgs, lint

from rules.registry import rule


@rule
def sam_translates_the_template(stack):
    yield from stack.translation_errors


@rule
def the_linter_finds_nothing(stack):
    # The source for SAM's own properties, the translation for what CloudFormation sees, and the nested templates.
    for name in ("source", "translated", "monitoring", "keyed_api", "distribution"):
        document = getattr(stack, name)
        if name == "translated" and stack.translation_errors:
            continue
        config = ManualArgs(regions=["us-east-1", "eu-west-1", "ap-southeast-1"])
        for match in lint(json.dumps(document), config=config):
            where = "/".join(str(part) for part in getattr(match, "path", None) or [])
            yield f"{name}: {match.rule.id} {match.message} {where}".rstrip()
