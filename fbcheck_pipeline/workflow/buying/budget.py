"""What limits and the day leave room for, as the ledger stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fbcheck_pipeline.ledger import codec
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.ledger.planning import Planning
from fbcheck_pipeline.workflow.buying.allocation import Again
from fbcheck_pipeline.workflow.workspace import Workspace


@dataclass(frozen=True)
class Terms:
    """What limits and the day allow; a draft was drawn for these and holds for no others.

    Attributes:
        day: UTC.
        is_over_budget: a limit forbids to buy what is left of the list.
        held: why a person must confirm before what is left of the list is bought.
        others: lists whose waiting phones are bought as well.
    """

    day: str
    is_over_budget: bool
    others: tuple[str, ...]
    held: str | None = None


def terms_of(ws: Workspace, tx: Planning, list_key: str, own: int, offers: Mapping[str, Phones], again: Again) -> Terms:
    """What may be bought now.

    Args:
        own: phones of the list that are to be bought; those that it reserved are among them.
        offers: other lists' waiting phones, by list key.
    """
    days = ws.settings.verdict_days
    if own and (held := tx.why_unknown(list_key, days)) is not None:
        return Terms(tx.day, is_over_budget=False, others=(), held=held)
    reserved = tx.reserved_for(list_key)
    if own and _is_over_budget(ws, tx, list_key, own - reserved, again):
        return Terms(tx.day, is_over_budget=True, others=())
    others, taken, room = list[str](), np.empty(0, np.int64), _room_today(ws, tx) + reserved - own
    for key, waiting in offers.items():
        phones = codec.without(waiting, taken)
        if 0 < len(phones) <= room and _fits_list(ws, tx, key, len(phones)) and tx.why_unknown(key, days) is None:
            others.append(key)
            taken, room = np.sort(np.concatenate([taken, phones])), room - len(phones)
    return Terms(tx.day, is_over_budget=False, others=tuple(others))


def _is_over_budget(ws: Workspace, tx: Planning, list_key: str, count: int, again: Again) -> bool:
    """True when a limit forbids to buy so many phones more for a list.

    It stays so until a `run` of the list or the night plans it again: else two processes with unequal limits would undo each
    other's plans for ever.
    """
    if again is not Again.NIGHT and tx.is_over_budget(list_key):
        return True
    return not _fits_list(ws, tx, list_key, count) or count > _room_today(ws, tx)


def _fits_list(ws: Workspace, tx: Planning, list_key: str, count: int) -> bool:
    limit = tx.limit_of(list_key, ws.settings.max_billable)
    return limit is None or tx.bought_for(list_key) + count <= limit


def _room_today(ws: Workspace, tx: Planning) -> float:
    """Phones that today's budget still allows."""
    limit = ws.settings.max_billable_per_day
    return np.inf if limit is None else limit - tx.bought_today()
