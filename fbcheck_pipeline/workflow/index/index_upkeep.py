"""Which tiers the index has: when new ones are made, which are merged, what a purge writes anew, which files are deleted.

Everything may be killed at any time, and run by several processes at once: the ledger publishes what was made first, and the files
of the others are deleted.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from itertools import pairwise

import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.errors import StorageError
from fbcheck_pipeline.files.sorted_pairs import DamagedPairs
from fbcheck_pipeline.ledger.records import Tier
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.workflow.file_upkeep import finish_files
from fbcheck_pipeline.workflow.index.index_tiers import TierWriter, forget_files, open_tier, withdraw_unusable
from fbcheck_pipeline.workflow.index.phone_history import reused_since
from fbcheck_pipeline.workflow.merge_policy import MergePolicy
from fbcheck_pipeline.workflow.workspace import Workspace

log = logging.getLogger(__name__)

MAX_LOOSE = 32
"""So many chunks are looked up one by one before a tier is made of them."""
MERGING = MergePolicy(ratio=8, largest=1 << 25)
"""Of tiers, in pairs; the largest has 300 MB."""
YOUNG_RATIO = 1.5
"""Of tiers that every plan opens: to have few of them is worth to write them more often."""


def update_index(ws: Workspace, *, max_loose: int = MAX_LOOSE, policy: MergePolicy = MERGING) -> bool:
    """Make tiers of what no tier tells yet where that is much, and merge tiers where these are many; True when any was published."""
    state = ws.ledger.index_state()
    gaps = [(gap, lasting) for lasting in (False, True) for gap in state.gaps(lasting=lasting)]
    is_loose = sum(ws.ledger.count_telling(*gap, lasting=lasting) for gap, lasting in gaps) > max_loose
    is_new = False
    if is_loose:
        writer = TierWriter(ws, state.generation)
        try:
            is_new = all([writer.fill(*gap, lasting=lasting) for gap, lasting in gaps])
        except StorageError as error:  # what is collected stands
            log.warning("the index is not brought up to date: %s", error)
        state = ws.ledger.index_state()
    if chosen := tiers_to_merge(state.tiers, policy, reused_since(ws)):
        is_new |= TierWriter(ws, state.generation).merge(chosen)
    finish_files(ws)
    return is_new


def remove_from_index(ws: Workspace, chunk_keys: Collection[str]) -> None:
    """Write anew each tier that tells what is no longer true of one of these chunks: they were purged, or phones erased from them.

    That has raised the generation: who began to write a tier before cannot publish it, and who begins after leaves them out.
    """
    gone = pa.array(sorted(chunk_keys), pa.string())
    for tier in ws.ledger.index_state().tiers:
        if _tells_untruth(ws, tier, gone):
            TierWriter(ws, ws.ledger.generation()).merge([tier])
    forget_files()
    finish_files(ws)
    known = ws.ledger.files_in_use()
    for name in ws.storage.names(paths.VERDICT_INDEX.folder):  # of no ledger's: from a backup
        if (path := f"{paths.VERDICT_INDEX.folder}/{name}") not in known:
            ws.storage.delete(path)


def tiers_to_merge(tiers: Sequence[Tier], policy: MergePolicy, since: float) -> list[Tier]:
    """The tiers that are worth one merge now.

    Those that tell of nothing younger than `since` and the later ones are merged apart: every plan reads these, so they shall be few, and no
    one of them so large that much in it is old before it is. It reads those, too, of which nothing ever grows old.
    """
    aging, lasting = [each for each in tiers if not each.lasts], [each for each in tiers if each.lasts]
    first_young = max((at for at, each in enumerate(aging, 1) if each.fresh_at < since), default=0)
    old, young = aging[:first_young], aging[first_young:]
    half = sum(each.pairs for each in young) // 2
    for some, merging in (
        (old, policy),
        (young, MergePolicy(YOUNG_RATIO, min(half, policy.largest))),
        (lasting, MergePolicy(YOUNG_RATIO, policy.largest)),
    ):
        chosen = some[merging.worth_merging([each.pairs for each in some])]
        if chosen and _are_adjacent(chosen):
            return list(chosen)
    return []


def _are_adjacent(tiers: Sequence[Tier]) -> bool:
    return all(one.through_change == other.after_change for one, other in pairwise(tiers))


def _tells_untruth(ws: Workspace, tier: Tier, chunk_keys: pa.Array) -> bool:
    try:
        with open_tier(ws, tier) as file:
            told = file.table.filter(pc.is_in(file.table["chunk_key"], chunk_keys))
    except (FileNotFoundError, DamagedPairs) as error:
        withdraw_unusable(ws, tier, error)
        return False
    keys = told["chunk_key"].to_pylist()
    now = ws.ledger.changes_of(sorted(set(keys)))
    return any(now.get(key) != change for key, change in zip(keys, told["change"].to_pylist(), strict=True))
