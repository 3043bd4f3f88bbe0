"""What became of the phones of a batch, as arrays, and the columns made of them. No rule about a number stands here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from fbcheck_pipeline.model.columns import Column, columns_of, schema_of
from fbcheck_pipeline.model.paths import E164_PHONES, RAW_PHONES
from fbcheck_pipeline.model.reasons import LINE_TYPES, REASONS, RejectReason
from fbcheck_pipeline.phones.careful.reference import LINE_TYPES_OF_MOBILES, REASONS_OF_NUMBERS, PhoneOutcome, rejected
from fbcheck_pipeline.phones.fast.readings import Reading
from fbcheck_pipeline.phones.fast.terms import COUNTRIES, NONE, Fault, Ints, Mask

NEW_FIELDS = [schema_of(E164_PHONES).field(each) for each in columns_of(E164_PHONES) if RAW_PHONES not in each.types]
_WORDS = tuple(pa.array(words, pa.string()) for words in (REASONS, COUNTRIES, LINE_TYPES))
REASON_CODE, COUNTRY_CODE, _LINE_TYPE_CODE = (
    {None: NONE, **{word: code for code, word in enumerate(words)}} for words in (REASONS, COUNTRIES, LINE_TYPES)
)
_REASON_CODE_OF_FAULT = np.array([*(REASONS.index(RejectReason[fault.name]) for fault in Fault), NONE])
EXCLUDED = REASON_CODE[RejectReason.LINE_TYPE_EXCLUDED]
_OF_MOBILES = [_LINE_TYPE_CODE[each] for each in LINE_TYPES_OF_MOBILES]
_REJECTED = [*map(rejected, REASONS)]
_IS_REASON_OF_NUMBER = np.array([*(reason in REASONS_OF_NUMBERS for reason in REASONS), True])  # NONE is the last place


class PhoneArrays(NamedTuple):
    """One entry a phone: the row of its cell, its E.164 or null, and codes, indices into REASONS, COUNTRIES and LINE_TYPES, or NONE."""

    row: Ints
    e164: pa.StringArray
    reason: Ints
    country: Ints
    line_type: Ints


def phones_of(rows: Ints, outcomes: Sequence[PhoneOutcome]) -> PhoneArrays:
    """Phones from outcomes, one by one."""
    return PhoneArrays(
        rows,
        pa.array([each.e164 for each in outcomes], pa.string()),
        np.array([REASON_CODE[each.reason] for each in outcomes], np.int64),
        np.array([COUNTRY_CODE[each.country] for each in outcomes], np.int64),
        np.array([_LINE_TYPE_CODE[each.line_type] for each in outcomes], np.int64),
    )


def phones_read(rows: Ints, reading: Reading, e164: pa.StringArray) -> PhoneArrays:
    """Phones from what the fast path has read."""
    return PhoneArrays(rows, e164, _REASON_CODE_OF_FAULT[reading.fault], reading.country, reading.line_type)


def rejected_phones(rows: Ints, reason: Ints) -> PhoneArrays:
    """Phones that are none, and why."""
    nothing = np.full(len(rows), NONE)
    return PhoneArrays(rows, pa.nulls(len(rows), pa.string()), reason, nothing, nothing)


def is_number(phones: PhoneArrays) -> Mask:
    """As `PhoneOutcome.is_number`."""
    is_it: Mask = _IS_REASON_OF_NUMBER[phones.reason]
    return is_it


def is_clear_number(phones: PhoneArrays) -> Mask:
    """A number whose country is sure, kept or not."""
    return is_number(phones) & ~is_ambiguous(phones)


def is_ambiguous(phones: PhoneArrays) -> Mask:
    """Digits that may be a number at home and abroad."""
    are_two: Mask = phones.reason == REASON_CODE[RejectReason.AMBIGUOUS_INTERNATIONAL]
    return are_two


def can_be_mobile(phones: PhoneArrays) -> Mask:
    """As `PhoneOutcome.can_be_mobile`."""
    return np.isin(phones.line_type, _OF_MOBILES)


def outcomes_from(phones: PhoneArrays) -> list[PhoneOutcome]:
    """Outcomes from phones, one by one."""
    reasons, countries, line_types = (*REASONS, None), (*COUNTRIES, None), (*LINE_TYPES, None)  # NONE is the last place
    codes = zip(phones.e164.to_pylist(), phones.reason.tolist(), phones.country.tolist(), phones.line_type.tolist(), strict=True)
    return [
        _REJECTED[why] if where == what == NONE != why else PhoneOutcome(e164, reasons[why], countries[where], line_types[what])
        for e164, why, where, what in codes
    ]


def joined(many: Sequence[PhoneArrays]) -> PhoneArrays:
    """Phones one after the other."""
    if len(many) == 1:
        return many[0]
    row, e164, *codes = zip(*many, strict=True)
    return PhoneArrays(np.concatenate(row), pa.concat_arrays(e164), *(np.concatenate(code) for code in codes))


def in_order(phones: PhoneArrays, order: Ints) -> PhoneArrays:
    """Some phones, in an order of their own."""
    row, e164, *codes = phones
    return PhoneArrays(row[order], e164.take(pa.array(order)), *(code[order] for code in codes))


def repeated(phones: PhoneArrays, which: Ints, rows: Ints) -> PhoneArrays:
    """The phones of cells that are equal to others.

    Args:
        phones: of the others, in order; the rows of these are 0, 1, 2 …
        which: for each cell, the row of the one that it is equal to.
        rows: the row of each cell.
    """
    begins = np.searchsorted(phones.row, np.arange(which.max(initial=-1) + 2))
    counts = np.diff(begins)[which]
    places = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts - begins[which], counts)
    return in_order(phones, places)._replace(row=np.repeat(rows, counts))


def output_batch(batch: pa.RecordBatch, phones: PhoneArrays, schema: pa.Schema) -> pa.RecordBatch:
    """The batch's own columns, a row for each phone, and the new ones, of which words are Arrow dictionaries.

    `phone_index` counts within the batch.
    """
    columns = batch.columns
    if len(phones.row) != batch.num_rows:
        columns = batch.take(pa.array(phones.row)).columns
        columns[schema.get_field_index(Column.PHONE_INDEX)] = _renumbered(batch, phones.row)
    codes = (phones.reason, phones.country, phones.line_type)
    words = [
        pa.DictionaryArray.from_arrays(pa.array(code.astype(np.int32), mask=code == NONE), words)
        for code, words in zip(codes, _WORDS, strict=True)
    ]
    return pa.RecordBatch.from_arrays([*columns, phones.e164, *words], schema.names)


def _renumbered(batch: pa.RecordBatch, rows: Ints) -> pa.Array:
    """A phone's place in its source row: that of its cell, later by what cells before it held beyond one number."""
    cell_index, source_row = batch.column(Column.PHONE_INDEX).to_numpy(), batch.column(Column.SOURCE_ROW).to_numpy()
    place = np.arange(len(rows))
    first_of_cell = np.searchsorted(rows, np.arange(batch.num_rows))
    begins = np.flatnonzero(np.diff(source_row, prepend=source_row[:1] - 1))
    first_of_source_row = np.repeat(first_of_cell[begins], np.diff(begins, append=batch.num_rows))
    first_index = np.repeat(cell_index[begins], np.diff(begins, append=batch.num_rows))
    return pa.array((first_index[rows] + place - first_of_source_row[rows]).astype(np.int16))


def shifted(out: pa.RecordBatch, source_row: int, by: int) -> pa.RecordBatch:
    """`phone_index` of one source row, which began in an earlier batch, counted on from there."""
    index = out.column(Column.PHONE_INDEX).to_numpy() + np.where(out.column(Column.SOURCE_ROW).to_numpy() == source_row, by, 0)
    return out.set_column(
        out.schema.get_field_index(Column.PHONE_INDEX), out.schema.field(Column.PHONE_INDEX), pa.array(index, pa.int16())
    )
