"""What must hold of the stack, one rule a function; a rule yields one line for each thing that is wrong.

A linter knows what CloudFormation accepts. These rules know what Dateline promises: who may write, what is kept, what
each function may touch, and who notices when something fails.
"""

from rules import (
    building,
    calling,
    keeping,
    linting,
    permissions,
    queueing,
    samples,
    watching,
)
from rules.registry import RULES

__all__ = ["RULES", "building", "calling", "keeping", "linting", "permissions", "queueing", "samples", "watching"]
