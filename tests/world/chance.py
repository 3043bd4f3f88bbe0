"""All chance of this package comes from one seed, `WORLD_SEED`; `WORLD_TIMES` says how often chance is tried, against the usual."""

from __future__ import annotations

import os
import random

SEED = int(os.environ.get("WORLD_SEED") or 14)
TIMES = int(os.environ.get("WORLD_TIMES") or 1)


def chance_of(*what: object) -> random.Random:
    """Chance of its own for each purpose, so that a test alone draws what it draws among all others."""
    return random.Random(f"{SEED} {what}")
