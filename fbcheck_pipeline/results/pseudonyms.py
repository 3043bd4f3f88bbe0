"""Pseudonyms: keyed hashes in place of phone numbers, for one recipient the same in every export of one ledger.

Each recipient gets others, so that two of them cannot join what they got. The holder of the ledger can tell which number a pseudonym
stands for. This module removes numbers and nothing else: names, addresses and other facts about people in a source list stay.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.files.storage import BatchStream
from fbcheck_pipeline.model.columns import RESULT_COLUMNS, Column
from fbcheck_pipeline.phones import Normaliser
from fbcheck_pipeline.results.number_search import SHORTEST, KnownNumbers, digits_of

REMOVED = "(holds a phone number)"
_MAY_HOLD_ONE = rf"(?:\p{{Nd}}\P{{Nd}}*){{{SHORTEST}}}"

_RUNS = (re.compile(r"\+?\d(?:(?:[^\w\n]|_){0,3}\d)+"), re.compile(r"\d+"))
"""What may be a number among words: digits with few signs between them, and without any."""


class Pseudonyms:
    """Replaces the numbers of result batches.

    `phone_e164`, `phone_raw` and the source's phone columns get pseudonyms: of their phones if there are any, else of the text. A text of
    another source column, or a column's name, is replaced as a whole when it holds a number of its row, a number of the list, or
    digits that read as a valid number of anybody.
    """

    def __init__(
        self, key: bytes, recipient: str, phone_columns: Iterable[str], known: KnownNumbers, region: str | None = None
    ) -> None:
        """Args: key: the ledger's; phone_columns: names of the source columns that hold phones; known: of the list; region: as for `Normaliser`."""
        folded = " ".join(unicodedata.normalize("NFKC", recipient).casefold().split())
        self._key = hmac.digest(key, f"export for {folded}".encode(), "sha256")
        self._phone_columns, self._known, self._normaliser = tuple(phone_columns), known, Normaliser(region)

    def of(self, kind: str, text: str) -> str:
        """The pseudonym of a text; `kind` is "phone" or "text". It begins with a letter, so that a spreadsheet does not read it as a number."""
        return "p" + hmac.digest(self._key, f"{kind}:{text}".encode(), "sha256").hex()[:24]

    def without_numbers(self, texts: Sequence[str]) -> list[str]:
        """Texts about a list, those that hold a number replaced."""
        is_held = self._holds(pa.array(texts, pa.string()), [()] * len(texts))
        return [REMOVED if place in is_held else text for place, text in enumerate(texts)]

    def applied_to(self, stream: BatchStream) -> BatchStream:
        """The stream without numbers, its columns renamed where their names hold one."""
        shown = self.without_numbers(stream.schema.names)
        names = [f"column_{place}" if name == REMOVED else name for place, name in enumerate(shown, 1)]
        renamed = dict(zip(stream.schema.names, names, strict=True))
        schema = pa.schema([each.with_name(renamed[each.name]) for each in stream.schema])
        return BatchStream(schema, (self._replaced(each, renamed) for each in stream.batches))

    def _replaced(self, batch: pa.RecordBatch, renamed: dict[str, str]) -> pa.RecordBatch:
        texts = {name: _texts(batch, name) for name in (Column.PHONE_E164, Column.PHONE_RAW, Column.PHONE_COLUMN)}
        in_phone_columns = {name: _texts(batch, name) for name in self._phone_columns if name in batch.schema.names}
        phones = [None if phone is None else self.of("phone", phone) for phone in texts[Column.PHONE_E164]]
        replaced: dict[str, list[str | None]] = {
            Column.PHONE_E164: phones,
            Column.PHONE_RAW: [self._of_cell(text, phone) for text, phone in zip(texts[Column.PHONE_RAW], phones, strict=True)],
            Column.PHONE_COLUMN: [renamed.get(name, name) for name in texts[Column.PHONE_COLUMN]],
        }
        source_rows = batch.column(Column.SOURCE_ROW).to_pylist()
        of_cell: dict[tuple[int, str], list[str]] = {}
        for *cell, phone in zip(source_rows, texts[Column.PHONE_COLUMN], phones, strict=True):
            if phone is not None:
                of_cell.setdefault((cell[0], cell[1]), []).append(phone)
        for name, cells in in_phone_columns.items():
            own = ["; ".join(of_cell.get((row, name), ())) for row in source_rows]
            replaced[name] = [self._of_cell(text, phones_) for text, phones_ in zip(cells, own, strict=True)]
        numbers = zip(texts[Column.PHONE_E164], texts[Column.PHONE_RAW], *in_phone_columns.values(), strict=True)
        tails = [{*_tails(each)} for each in numbers]
        columns = []
        for each, column in zip(batch.schema, batch.columns, strict=True):
            if each.name in replaced:
                column = pa.array(replaced[each.name], pa.string()).cast(each.type)
            elif each.name not in RESULT_COLUMNS:
                column = self._without_numbers(column, tails)
            columns.append(column)
        return pa.RecordBatch.from_arrays(columns, names=[renamed[name] for name in batch.schema.names])

    def _of_cell(self, text: str | None, phone: str | None) -> str | None:
        return phone or (self.of("text", text) if text else text)

    def _without_numbers(self, column: pa.Array, tails: Sequence[Collection[str]]) -> pa.Array:
        is_held = self._holds(column.cast(pa.string()), tails)
        if not is_held:
            return column
        texts = [REMOVED if place in is_held else text for place, text in enumerate(column.cast(pa.string()).to_pylist())]
        return pa.array(texts, pa.string()).cast(column.type)

    def _holds(self, cells: pa.Array, tails: Sequence[Collection[str]]) -> set[int]:
        """Places of the texts that hold a number, in whatever notation. Args: tails: of each text's row, see `_tails`."""
        may = pc.indices_nonzero(pc.match_substring_regex(cells, _MAY_HOLD_ONE).fill_null(False)).to_numpy()
        if not len(may):
            return set()
        texts = cells.take(pa.array(may))
        digits = [digits_of(text) for text in texts.to_pylist()]
        of_row = [any(tail in run for tail in tails[place]) for place, run in zip(may.tolist(), digits, strict=True)]
        return set(may[np.array(of_row) | self._known.are_in(digits) | self._are_read_in(texts)].tolist())

    def _are_read_in(self, texts: pa.Array) -> npt.NDArray[np.bool_]:
        """True where a text, or a run of digits in it, reads as a phone, of whomever."""
        pieces = [(place, each) for place, text in enumerate(texts.to_pylist()) for each in _pieces(text)]
        is_phone = self._reads(pa.array([each for _, each in pieces], pa.string()))
        return np.isin(np.arange(len(texts)), np.array([place for place, _ in pieces])[is_phone])

    def _reads(self, texts: pa.Array) -> npt.NDArray[np.bool_]:
        """True where a text reads as a phone, of whomever."""
        count = len(texts)
        columns = {
            Column.SOURCE_ROW: pa.array(range(count), pa.int64()),
            Column.PHONE_INDEX: pa.array(np.zeros(count, np.int16)),
            Column.PHONE_COLUMN: pa.array(["text"] * count, pa.string()).dictionary_encode(),
            Column.PHONE_RAW: texts,
        }
        found = self._normaliser.normalise(pa.record_batch({str(name): column for name, column in columns.items()}))
        is_phone = np.zeros(count, bool)
        is_phone[found.filter(found.column(Column.PHONE_E164).is_valid()).column(Column.SOURCE_ROW).to_numpy()] = True
        return is_phone


def _texts(batch: pa.RecordBatch, name: str) -> list[Any]:
    return list(batch.column(name).cast(pa.string()).to_pylist())


def _pieces(text: str) -> set[str]:
    runs = (each for run in _RUNS for each in run.findall(text))
    return {text, *(each for each in runs if len(digits_of(each)) >= SHORTEST)}


def _tails(numbers: Iterable[str | None]) -> Iterator[str]:
    """The last digits of each number that the cells of a row hold, and of the whole cells."""
    for number in filter(None, numbers):
        for run in map(digits_of, (number, *re.split(r"[;,|/&\n]| - ", number))):
            if len(run) >= SHORTEST:
                yield run[-SHORTEST:]
