"""Which tasks may have answered some phones, as the index knows it. What they answered stands in the verdict store."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from fbcheck_pipeline.files.sorted_pairs import DamagedPairs
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.ledger.records import StoredTask, Tier
from fbcheck_pipeline.workflow.index.index_tiers import open_tier, withdraw_unusable
from fbcheck_pipeline.workflow.workspace import Workspace


def tasks_of_phones(ws: Workspace, phones: Phones, stored: Sequence[StoredTask]) -> list[StoredTask]:
    """Those of some tasks that the index names for any of these phones (sorted, distinct), and all that it does not know yet."""
    while True:
        state, named = ws.ledger.index_state(), set[str]()
        if all([_named(ws, tier, phones, named) for tier in state.tiers]):
            break  # else a tier was replaced meanwhile, or could not be used and is a gap now
    gaps = [(0, 0), *state.gaps(lasting=False), *state.gaps(lasting=True), (state.change, np.inf)]
    return [each for each in stored if each.chunk_key in named or any(after < each.change <= through for after, through in gaps)]


def _named(ws: Workspace, tier: Tier, phones: Phones, named: set[str]) -> bool:
    """Add the keys of the chunks that a tier names; False where it cannot be used any more."""
    try:
        with open_tier(ws, tier) as file:
            if rows := [np.unique(values) for _, values in file.search(phones)]:
                named.update(file.table["chunk_key"].take(pa.array(np.unique(np.concatenate(rows)))).to_pylist())
    except (FileNotFoundError, DamagedPairs) as error:
        withdraw_unusable(ws, tier, error)
        return False
    return True
