"""A store as years of nights leave it: `python -m tests.bench.history LISTS STORE`.

Fills the empty data folder STORE with so many finished lists, fifty a night up to last night: one collected chunk of 500 phones each,
of which 5 stay without an answer, as with FBCHECK_MAX_TRIES=1. Ledger, verdicts, their index and the summary are as runs would leave
them; the index is brought up to date after each of the last nights. Left out are the files of each list (its original, raw_phones,
e164_phones, submitted_chunks, facebook_results) and of each chunk (what was sent, what the vendor sent): nothing reads these once a
list is finished, but `lineage`, `explain` and `export` of that list.

The ledger is bound to the vendor at FBCHECK_API_URL; it lies in STORE, or where FBCHECK_LEDGER_URL says. All phones are generated.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from fbcheck_pipeline.files.storage import BatchStream
from fbcheck_pipeline.ledger import ChunkState, codec
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.ledger.opening import stamp
from fbcheck_pipeline.ledger.planning import new_chunk_key
from fbcheck_pipeline.ledger.schema import chunk_phones, chunks, dependencies, ledger_meta, lists, parts
from fbcheck_pipeline.lists.keys import key_of
from fbcheck_pipeline.model.statuses import CHECK_STATUSES, CheckStatus
from fbcheck_pipeline.results.summary import LISTS_PER_FILE, SUMMARY_SCHEMA, summary_file
from fbcheck_pipeline.settings import load_settings
from fbcheck_pipeline.workflow.index.index_upkeep import update_index
from fbcheck_pipeline.workflow.verdict_files.verdicts import write_verdicts
from fbcheck_pipeline.workflow.verdict_files.volumes import bind_verdicts
from fbcheck_pipeline.workflow.workspace import Workspace, open_workspace
from tests.prepared import nothing_synced

PHONES, UNANSWERED = 500, 5
LISTS_A_NIGHT = 50
NIGHTS_ALONE = 14
"""So many last nights bring the index up to date each for itself. They leave the young files of it that nights leave, not one."""
DAY_S, HOUR_S = 86_400, 3600
FIRST, ROOM, STEP = 905_300_000_000, 200_000_000, 123_456_789
"""The phones lie among so many mobile numbers of one region. The step has no factor in common with their number: no phone comes twice
in 400,000 lists, and those of one list lie far apart."""


def phones_of(number: int) -> Phones:
    """The phones of the how manieth list, sorted."""
    ordinal = np.arange(number * PHONES, (number + 1) * PHONES)
    return np.sort(FIRST + ordinal * STEP % ROOM)


def fill(ws: Workspace, list_count: int) -> None:
    """Fill an empty store with so many finished lists."""
    if ws.ledger.registered_lists():
        raise SystemExit(f"{ws.storage.data_uri} has lists already; name an empty folder")
    for start in range(0, list_count, LISTS_PER_FILE):
        add(ws, range(start, min(start + LISTS_PER_FILE, list_count)), list_count)
    stamp(ws.storage, ws.ledger)


def add(ws: Workspace, numbers: range, list_count: int) -> None:
    """Add the lists of these numbers, of so many: at most those that one file of the summary tells of, and to the end of a night."""
    now = ws.ledger.clock()
    made = [_Finished(number, now - DAY_S * ((list_count - 1 - number) // LISTS_A_NIGHT + 1)) for number in numbers]
    for each in made:
        write_verdicts(ws.storage, each.task_id, each.verdicts(), int(each.exported_at * 1e6))
    alone = range(list_count - NIGHTS_ALONE * LISTS_A_NIGHT, list_count, LISTS_A_NIGHT)
    for start, stop in pairwise([numbers.start, *(each for each in alone if each in numbers[1:]), numbers.stop]):
        _insert(ws, made[start - numbers.start : stop - numbers.start])
        update_index(ws)
    table = pa.Table.from_pylist([each.summary_row() for each in made], SUMMARY_SCHEMA)
    name = summary_file(numbers.start // LISTS_PER_FILE)
    ws.storage.write_parquet(name, BatchStream(SUMMARY_SCHEMA, iter(table.combine_chunks().to_batches())))
    bind_verdicts(ws, max_files=0)


def _insert(ws: Workspace, made: Sequence[_Finished]) -> None:
    """Into the ledger."""
    count = len(made)
    grown = ("sendings", "collections", "changes", "lists_registered")
    with ws.ledger.database.writing() as connection:
        connection.execute(sa.insert(lists), [each.list_row() for each in made])
        connection.execute(sa.insert(chunks), [each.chunk_row(ws.ledger.hash_key) for each in made])
        connection.execute(sa.insert(chunk_phones), [each.phones_row() for each in made])
        connection.execute(sa.insert(dependencies), [each.dependency() for each in made])
        connection.execute(sa.insert(parts), [{**each.pair, "start": 0, "phone_count": PHONES} for each in made])
        connection.execute(sa.update(ledger_meta).values({name: ledger_meta.c[name] + count for name in grown}))


class _Finished:
    """One finished list, and the chunk that was bought for it."""

    def __init__(self, number: int, planned_at: float) -> None:
        self._number, self._planned_at = number, planned_at
        self._phones = phones_of(number)
        self._is_answered = np.ones(PHONES, bool)
        self._is_answered[:: PHONES // UNANSWERED] = False
        self._sha256 = hashlib.sha256(str(number).encode()).hexdigest()
        self._file = f"night-{number:07}.csv"
        self._day = datetime.fromtimestamp(planned_at, UTC).date().isoformat()
        self.exported_at = planned_at + HOUR_S
        self.task_id = f"night{number:011}"
        self.pair = {"list_key": key_of(self._file, self._sha256), "chunk_key": new_chunk_key(planned_at)}

    def _counts(self) -> dict[str, int]:
        none = dict.fromkeys(map(str, CHECK_STATUSES), 0)
        found = {str(CheckStatus.CHECKED): PHONES - UNANSWERED, str(CheckStatus.UNDETERMINED): UNANSWERED}
        return {"rows": PHONES, "phones": PHONES, **none, **found}

    def verdicts(self) -> pa.Table:
        """What the vendor answered."""
        answered = self._phones[self._is_answered]
        labels = pa.array(["yes", "no"]).take(pa.array(answered % 2))
        return pa.table({"phone": answered, "facebook": labels, "label": labels})

    def list_row(self) -> dict[str, Any]:
        """Read, planned, joined and complete."""
        return {
            "list_key": self.pair["list_key"],
            "number": self._number,
            "file": self._file,
            "sha256": self._sha256,
            "options": {},
            "added_at": self._planned_at,
            "source": "night",
            "reading": {"file": self._file, "format": "csv", "rows": PHONES, "phone_columns": ["phone"], "region_column": None},
            "planned_at": self._planned_at,
            "is_pinned": True,
            "revision": 5,
            "joined_revision": 5,
            "joined_at": self.exported_at + 1,
            "is_complete": True,
            "counts": self._counts(),
        }

    def chunk_row(self, hash_key: bytes) -> dict[str, Any]:
        """Sent, exported and collected."""
        return {
            "chunk_key": self.pair["chunk_key"],
            "state": ChunkState.COLLECTED.value,
            "change": self._number + 1,
            "phone_count": PHONES,
            "unanswered_count": UNANSWERED,
            "payload_sha256": codec.keyed_hash(hashlib.sha256(codec.to_payload(self._phones)).hexdigest(), hash_key),
            "planned_at": self._planned_at,
            "budget_day": self._day,
            "sender": "history",
            "protocol": "simple",
            "first_sent_at": self._planned_at,
            "last_sent_at": self._planned_at,
            "submitted_at": self._planned_at,
            "task_id": self.task_id,
            "vendor_status": "exported",
            "total": PHONES,
            "success": PHONES - UNANSWERED,
            "failure": UNANSWERED,
            "polls": 9,
            "exported_at": self.exported_at,
            "vendor_exported_at": datetime.fromtimestamp(self.exported_at, UTC).isoformat(),
            "fetches": 1,
            "result_sha256": self._sha256,
            "result_counts": {"rows": PHONES, "missing": UNANSWERED, "undetermined": UNANSWERED},
            "settled_at": self.exported_at,
        }

    def dependency(self) -> dict[str, Any]:
        """That the list depends on its chunk."""
        return {"list_number": self._number, "chunk_key": self.pair["chunk_key"]}

    def phones_row(self) -> dict[str, Any]:
        """Its phones, and those without a usable verdict."""
        unanswered = codec.pack(self._phones[~self._is_answered])
        return {"chunk_key": self.pair["chunk_key"], "phones": codec.pack(self._phones), "unanswered": unanswered}

    def summary_row(self) -> dict[str, Any]:
        """What the summary says of it."""
        counts = self._counts()
        known = {name: 0 for name in SUMMARY_SCHEMA.names if pa.types.is_integer(SUMMARY_SCHEMA.field(name).type)}
        return {
            **known,
            **counts,
            "list_key": self.pair["list_key"],
            "file": self._file,
            "joined_at": datetime.fromtimestamp(self.exported_at + 1, UTC),
            "complete": True,
            "yes": int(np.count_nonzero(self._phones[self._is_answered] % 2 == 0)),
            "no": int(np.count_nonzero(self._phones[self._is_answered] % 2)),
            "billed_phones": PHONES,
            "coverage": 1 - UNANSWERED / PHONES,
            "purpose": None,
            "synthetic": False,
        }


def main() -> None:
    """Fill a store."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lists", type=int)
    parser.add_argument("store")
    given = parser.parse_args()
    ws = open_workspace(load_settings(data_uri=given.store))
    try:
        with nothing_synced():  # a store that a power cut spoils is filled anew
            fill(ws, given.lists)
    finally:
        ws.ledger.close()


if __name__ == "__main__":
    main()
