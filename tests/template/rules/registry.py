"""The list of rules; each module of this package adds its own."""

RULES = []


def rule(check):
    RULES.append(check)
    return check
