"""Record batches of raw phones in, record batches of E.164 phones out: learns, has cells read, keeps the order.

A batch is a pure function of its cells and of what was learnt, so batches may be normalised side by side; only the
numbering of `phone_index` looks across two batches, and `normalise_all` does that in order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain

import numpy as np
import pyarrow as pa

from fbcheck_pipeline.model.columns import Column
from fbcheck_pipeline.model.reasons import EXCLUDED_LINE_TYPES
from fbcheck_pipeline.phones import phone_batches
from fbcheck_pipeline.phones.careful.cell_rules import bare_digits_of, outcomes_of
from fbcheck_pipeline.phones.careful.reference import is_bare, vote
from fbcheck_pipeline.phones.fast.terms import COUNTRIES, NO_VOTE_FOR_EITHER, NONE, Ints, Says
from fbcheck_pipeline.phones.phone_batches import COUNTRY_CODE, NEW_FIELDS
from fbcheck_pipeline.phones.phone_reader import PhoneReader
from fbcheck_pipeline.phones.votes import CELLS_HEARD, CLOSED_HEARD, Ballot, Votes
from fbcheck_pipeline.phones.ways.cells import Cells
from fbcheck_pipeline.text.countries import NAMIBIA_OR_NOTHING, region_of
from fbcheck_pipeline.text.decorations import says_nothing


class Normaliser:
    """Turns the cells of one list into phones.

    Args:
        region: ISO region of numbers without country code; None where unknown.
        region_column: name of the source column that says each row's country, see `region_of_row`.
        extra_line_types: line types to keep besides the usual, e.g. {"toll_free"}.
    """

    def __init__(
        self, region: str | None, region_column: str | None = None, extra_line_types: frozenset[str] = frozenset()
    ) -> None:
        self.region = region
        self.region_column = region_column
        self.votes: defaultdict[str, Votes] = defaultdict(Votes)
        self._reader = PhoneReader(EXCLUDED_LINE_TYPES - extra_line_types)

    @staticmethod
    def output_schema(input_schema: pa.Schema) -> pa.Schema:
        """The schema of raw phones, then `phone_e164`, `reject_reason`, `country`, `line_type`."""
        return pa.schema([*input_schema, *NEW_FIELDS])

    def learn(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Let the first 100,000 cells of each phone column say what bare digits mean; reads no further, and returns all batches."""
        heard, more = [], iter(batches)
        for batch in more:
            heard.append(batch)
            names = self._hear(batch)
            if names and all(self.votes[name].heard >= CELLS_HEARD for name in names):
                break
        return chain(heard, more)

    def _hear(self, batch: pa.RecordBatch) -> list[str]:
        """Returns the names of its phone columns."""
        texts, regions, columns, names = self._taken_from(batch)
        missing = (max(0, CELLS_HEARD - self.votes[name].heard) for name in names)
        rows_of = [np.flatnonzero(columns == column)[:count] for column, count in enumerate(missing)]
        end = max((int(rows[-1]) + 1 for rows in rows_of if len(rows)), default=0)
        says, *may_be = self._reader.votes(texts[:end], regions[:end])
        for name, rows in zip(names, rows_of, strict=True):
            counts = {each: int((says[rows] == each).sum()) for each in (*Says, NO_VOTE_FOR_EITHER)}
            closed = rows[may_be[0][rows] | may_be[1][rows]]
            closed = closed[:: 1 + len(closed) // CLOSED_HEARD]
            ballots = map(
                _ballot, texts.take(pa.array(closed)).to_pylist(), regions[closed], may_be[0][closed], may_be[1][closed]
            )
            self.votes[name].add(len(rows), counts, list(ballots))
        return names

    def normalise(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """One row per phone of a batch of raw phones, in order; see `output_schema`. Texts of few words are Arrow dictionaries.

        Depends on nothing but the batch and what was learnt; `phone_index` counts within the batch.
        """
        texts, regions, columns, names = self._taken_from(batch)
        says = np.array([*(self.votes[name].says() for name in names), Says.NOTHING])[columns]
        phones = self._reader.read(Cells(np.arange(batch.num_rows), texts, regions, says))
        return phone_batches.output_batch(batch, phones, self.output_schema(batch.schema))

    def normalise_all(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Normalise batches of raw phones in order; a source row whose cells lie in two batches is numbered through.

        The next batch is read and normalised while the caller works on this one. Measured, that is worth more than a pool of processes,
        which pays for its start and for each batch's way there and back.
        """
        source_row, extra = 0, 0
        for out, index in self._ahead(iter(batches)):
            if not out.num_rows:
                yield out
                continue
            if extra and out.column(Column.SOURCE_ROW)[0].as_py() == source_row:
                out = phone_batches.shifted(out, source_row, extra)
            source_row = out.column(Column.SOURCE_ROW)[-1].as_py()
            extra = out.column(Column.PHONE_INDEX)[-1].as_py() - index
            yield out
            del out  # or it would stay in memory until the next one is there

    def _ahead(self, batches: Iterator[pa.RecordBatch]) -> Iterator[tuple[pa.RecordBatch, int]]:
        """Normalised batches, each with the `phone_index` that its last cell came with.

        One batch ahead, in one thread: the fast path is compiled as it goes and belongs to one thread at a time.
        """

        def following() -> tuple[pa.RecordBatch, int] | None:
            if (batch := next(batches, None)) is None:
                return None
            return self.normalise(batch), batch.column(Column.PHONE_INDEX)[-1].as_py() if batch.num_rows else 0

        with ThreadPoolExecutor(1, "normalise") as executor:
            begun = executor.submit(following)
            while current := begun.result():
                begun = executor.submit(following)
                yield current
                del current

    def explain(self, text: str | None, region: str | None) -> list[str]:
        """The rules that apply to one cell, in words and in order; holds no digit of the number.

        Args:
            text: the cell as it came.
            region: of its row, see `region_of_row`; None where it is unknown.
        """
        applied: list[str] = []
        for outcome in map(self._reader.policy, outcomes_of(text, region, Says.NOTHING, applied)):
            is_number = f"A valid number: {outcome.country}, {outcome.line_type}."
            applied.append(f"Rejected: {outcome.reason}." if outcome.reason else is_number)
        return applied

    def _taken_from(self, batch: pa.RecordBatch) -> tuple[pa.StringArray, Ints, Ints, list[str]]:
        """Each cell, its region and its column, an index into the names of the columns."""
        columns = batch.column(Column.PHONE_COLUMN).dictionary_encode()
        return batch.column(Column.PHONE_RAW), self._regions(batch), _indices(columns), columns.dictionary.to_pylist()

    def _regions(self, batch: pa.RecordBatch) -> Ints:
        """Index into COUNTRIES of each row's region, NONE where it is unknown."""
        if self.region_column is None:
            return np.full(batch.num_rows, COUNTRY_CODE[self.region])
        cells = batch.column(self.region_column).cast(pa.string()).dictionary_encode()
        known = map(self.region_of_row, cells.dictionary.to_pylist())
        return np.array([COUNTRY_CODE[region] for region in (*known, self.region)])[_indices(cells)]

    def region_of_row(self, cell: str | None) -> str | None:
        """The region that a row's country cell means.

        The list's default region if the cell is blank or says that there is none. For an unknown country the default region is
        not applied; such a number needs its own country code. `NA` is treated as unknown, because it means Namibia or nothing.
        """
        region = None if cell is None else region_of(cell)
        is_blank = cell is None or (says_nothing(cell) and "?" not in cell and cell.strip() not in NAMIBIA_OR_NOTHING)
        return self.region if region is None and is_blank else region


def _indices(column: pa.DictionaryArray) -> Ints:
    """Indices into the column's dictionary; -1 for a null."""
    return column.indices.fill_null(NONE).to_numpy().astype(np.int64)  # type: ignore[no-any-return]


def _ballot(text: str, region: int, may_be_national: bool, may_be_international: bool) -> Ballot:
    may_say = [says for says, may in ((Says.NATIONAL, may_be_national), (Says.INTERNATIONAL, may_be_international)) if may]
    return Ballot(partial(_vote_of, text, COUNTRIES[region]), frozenset(may_say))


def _vote_of(text: str, region: str) -> int:
    number = bare_digits_of(text)
    return vote(number, region) if number and is_bare(number, region) else Says.NOTHING
