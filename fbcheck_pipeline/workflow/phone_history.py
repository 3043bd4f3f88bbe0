"""What is known of phones from before: the newest usable verdict of each, and the settled tries that brought none.

Planning reads this outside its transaction; inside it only looks at chunks with a later change number.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fbcheck_pipeline.ledger import codec
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.ledger.records import AnsweringTask, Chunk
from fbcheck_pipeline.workflow.verdicts import newest_verdicts
from fbcheck_pipeline.workflow.workspace import Workspace

Places = npt.NDArray[np.int64]
"""Where phones stand in the array that was asked about."""


@dataclass(frozen=True)
class History:
    """What was known of some phones.

    Attributes:
        change: every change up to this number is in it, perhaps later ones too.
        verdict: for each phone the index in `tasks` of the newest task with a usable verdict, or -1; its age is the caller's to judge.
        tries: settled tries that left some of the phones without a usable answer, oldest first, with the places of these phones.
    """

    change: int
    verdict: npt.NDArray[np.int32]
    tasks: list[AnsweringTask]
    tries: list[tuple[Chunk, Places]]


def history_of(ws: Workspace, phones: Phones) -> History:
    """What is known of these phones (sorted, distinct)."""
    change = ws.ledger.last_change()
    verdict, tasks = newest_verdicts(ws.storage, ws.ledger, phones)
    tries = list[tuple[Chunk, Places]]()
    for chunk in ws.ledger.unanswered_tries():
        at = codec.positions(chunk.unanswered, phones)
        if len(places := at[at >= 0]):
            tries.append((chunk, places))
    return History(change, verdict, tasks, tries)
