"""Record batches of raw phones in, record batches of E.164 phones out: learns, hands cells to the paths, keeps the order.

A batch is a pure function of its cells and of what was learnt, so batches may be normalised side by side; only the
numbering of `phone_index` looks across two batches, and `normalise_all` does that in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa

from fbcheck_pipeline.phones.cells import bare_digits_of, outcomes_of
from fbcheck_pipeline.phones.columns import (
    COUNTRY_CODE,
    NEW_FIELDS,
    NONE,
    Codes,
    Phones,
    extra_phones,
    in_order,
    joined,
    output_batch,
    phones_of,
    shifted,
)
from fbcheck_pipeline.phones.fast import BLOCK_ROWS, SAYS, FastPath
from fbcheck_pipeline.phones.outcomes import COUNTRIES, EXCLUDED_LINE_TYPES, Outcome
from fbcheck_pipeline.phones.reference import Says, is_bare, vote
from fbcheck_pipeline.phones.regions import region_of
from fbcheck_pipeline.phones.votes import CELLS_HEARD, Votes


class Normaliser:
    """Turns the cells of one list into phones.

    Args:
        region: ISO region of numbers without country code; None where unknown.
        region_column: name of the source column that says each row's country; a cell it does not know falls back to `region`.
        extra_line_types: line types to keep besides the usual, e.g. {"toll_free"}.
    """

    def __init__(
        self, region: str | None, region_column: str | None = None, extra_line_types: frozenset[str] = frozenset()
    ) -> None:
        self.region = region
        self.region_column = region_column
        self.excluded = EXCLUDED_LINE_TYPES - extra_line_types
        self.votes = Votes()
        self._fast = FastPath(self.excluded)

    @staticmethod
    def output_schema(input_schema: pa.Schema) -> pa.Schema:
        """The schema of raw phones, then `phone_e164`, `reject_reason`, `country`, `line_type`."""
        return pa.schema([*input_schema, *NEW_FIELDS])

    def learn(self, batches: Iterable[pa.RecordBatch]) -> None:
        """Let the first 100,000 cells of each phone column say what bare digits mean; reads no further than that."""
        for batch in batches:
            names = batch.column("phone_column").dictionary.to_pylist()
            for begin in range(0, batch.num_rows, BLOCK_ROWS):
                self._hear(batch.slice(begin, BLOCK_ROWS), names)
            if all(self.votes.heard[name] >= CELLS_HEARD for name in names):
                return

    def _hear(self, block: pa.RecordBatch, names: list[str]) -> None:
        cells, regions, columns = block.column("phone_raw"), self._regions(block), _indices(block.column("phone_column"))
        says, is_sure = self._fast.votes(cells, regions)
        for row in np.flatnonzero(~is_sure):
            says[row] = SAYS.index(_vote(cells[int(row)].as_py(), COUNTRIES[regions[row]]))
        for column, name in enumerate(names):
            heard = says[columns == column][: max(0, CELLS_HEARD - self.votes.heard[name])]
            self.votes.add(name, len(heard), {each: int((heard == code).sum()) for code, each in enumerate(SAYS)})

    def normalise(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """One row per phone of a batch of raw phones, in order; see `output_schema`.

        Depends on nothing but the batch and what was learnt; `phone_index` counts within the batch.
        """
        names = batch.column("phone_column").dictionary.to_pylist()
        columns = np.array([*(SAYS.index(self.votes.of(name)) for name in names), SAYS.index(Says.NOTHING)])
        cells, regions, says = batch.column("phone_raw"), self._regions(batch), columns[_indices(batch.column("phone_column"))]
        blocks = [
            self._phones(begin, cells.slice(begin, BLOCK_ROWS), regions[begin : begin + BLOCK_ROWS], says[begin : begin + BLOCK_ROWS])
            for begin in range(0, max(1, batch.num_rows), BLOCK_ROWS)
        ]
        return output_batch(batch, joined(blocks), self.output_schema(batch.schema))

    def normalise_all(self, batches: Iterable[pa.RecordBatch], workers: int = 1) -> Iterator[pa.RecordBatch]:
        """Normalise batches in order; a source row whose cells lie in two batches is numbered through."""
        source_row, extra = None, 0
        for batch in batches:
            out = self.normalise(batch)
            if not batch.num_rows:
                yield out
                continue
            if extra and batch.column("source_row")[0].as_py() == source_row:
                out = shifted(out, source_row, extra)
            source_row, extra = batch.column("source_row")[-1].as_py(), extra_phones(batch, out)
            yield out

    def explain(self, text: str | None, region: str | None) -> list[str]:
        """The rules that apply to one cell, in words and in order; holds no digit of the number.

        Args:
            text: the cell as it came.
            region: of its row; None falls back to the list's.
        """
        applied: list[str] = []
        outcomes = outcomes_of(text, region or self.region, Says.NOTHING, applied)
        return [*applied, *(_said_of(self._policy(outcome)) for outcome in outcomes)]

    def _regions(self, batch: pa.RecordBatch) -> Codes:
        """Index into COUNTRIES of each row's region, NONE where it is unknown."""
        if self.region_column is None:
            return np.full(batch.num_rows, COUNTRY_CODE[self.region])
        cells = batch.column(self.region_column).dictionary_encode()
        known = [(region_of(text) if text else None) or self.region for text in cells.dictionary.to_pylist()]
        return np.array([COUNTRY_CODE[region] for region in (*known, self.region)])[_indices(cells)]

    def _phones(self, begin: int, cells: pa.StringArray, regions: Codes, says: Codes) -> Phones:
        reading, e164 = self._fast.read(cells, regions, says)
        fast = Phones(np.arange(len(cells)) + begin, e164, reading.reason, reading.country, reading.line_type)
        careful = np.flatnonzero(~reading.is_sure)
        if not len(careful):
            return fast
        rows, outcomes = [], []
        for row, text in zip(careful.tolist(), cells.take(pa.array(careful)).to_pylist(), strict=True):
            region = None if regions[row] == NONE else COUNTRIES[regions[row]]
            for outcome in outcomes_of(text, region, SAYS[says[row]]):
                rows.append(row + begin)
                outcomes.append(self._policy(outcome))
        both = joined([fast, phones_of(rows, outcomes)])
        kept = np.concatenate([np.flatnonzero(reading.is_sure), np.arange(len(cells), len(both.row))])
        return in_order(both, kept[np.argsort(both.row[kept], kind="stable")])

    def _policy(self, outcome: Outcome) -> Outcome:
        """Numbers that own no account are not kept; what they are is."""
        return outcome._replace(e164=None, reason="line_type_excluded") if outcome.line_type in self.excluded else outcome


def _indices(column: pa.DictionaryArray) -> Codes:
    """Indices into the column's dictionary; -1 for a null."""
    return column.indices.fill_null(NONE).to_numpy().astype(np.int64)  # type: ignore[no-any-return]


def _vote(text: str | None, region: str) -> Says:
    number = bare_digits_of(text) if text else None
    return vote(number, region) if number and is_bare(number, region) else Says.NOTHING


def _said_of(outcome: Outcome) -> str:
    if outcome.reason:
        return f"Rejected: {outcome.reason}."
    return f"A valid number: {outcome.country}, {outcome.line_type}."
