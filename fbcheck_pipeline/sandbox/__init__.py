"""A vendor on loopback, for tests and trials: both protocols, answers that depend only on the number, and named faults.

Belongs here: everything the real vendor would do. Does not belong here: our own code. This package imports nothing
of the product, so that a wrong field name in the client cannot match the same mistake here. All state is in memory and ends with the process.
"""

from __future__ import annotations

from .faults import FAULTS
from .server import Sandbox, serve
from .tasks import verdict_of

__all__ = ["FAULTS", "Sandbox", "serve", "verdict_of"]
