"""The list of rules, which each module of this package adds to."""

RULES = []


def rule(check):
    RULES.append(check)
    return check
