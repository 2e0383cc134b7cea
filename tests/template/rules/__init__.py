"""Rules that the stack must satisfy, one function each; a rule yields one line per finding.

A linter checks what CloudFormation accepts. These rules check what Dateline promises: who may write, what is retained,
what each function may access, and which failures raise an alarm.
"""

from rules import (
    building,
    calling,
    distributing,
    keeping,
    linting,
    permissions,
    queueing,
    samples,
    watching,
)
from rules.registry import RULES

__all__ = [
    "RULES",
    "building",
    "calling",
    "distributing",
    "keeping",
    "linting",
    "permissions",
    "queueing",
    "samples",
    "watching",
]
