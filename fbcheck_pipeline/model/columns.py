"""Every column of ours: its name, its meaning, its Arrow type in each file that has it, and what it is made of.

A result column is one entry here and its computation in the join. Reading and computing do not belong here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from fbcheck_pipeline.model.paths import (
    E164_PHONES,
    FACEBOOK_RESULTS,
    FACEBOOK_SUMMARY,
    RAW_PHONES,
    SUBMITTED_CHUNKS,
    VERDICTS,
    DataFile,
)
from fbcheck_pipeline.model.reasons import LineType, RejectReason
from fbcheck_pipeline.model.statuses import AnsweredBy, CheckStatus, Verdict
from fbcheck_pipeline.model.word import Word

if TYPE_CHECKING:
    import pyarrow as pa

NOT_NULL = " not null"
_CODES_8, _CODES_16, _CODES_32, _MOMENT = "dictionary<int8>", "dictionary<int16>", "dictionary<int32>", "timestamp"


def _in(type_: str, *files: DataFile) -> dict[DataFile, str]:
    return dict.fromkeys(files, type_)


_ALL = (RAW_PHONES, E164_PHONES, FACEBOOK_RESULTS)
_READ = (E164_PHONES, FACEBOOK_RESULTS)


class Column(Word):
    """A column of ours, in the order of the files.

    Attributes:
        meaning: one phrase, for Dagster's pages and the reference.
        types: for each file that has it its type, with ` not null` where every row has a value.
        made_of: in a result, the columns it is computed from, as `asset.column`.
        words: the closed set of what stands in it, where it is one.
    """

    def __init__(
        self,
        _: str,
        meaning: str,
        types: Mapping[DataFile, str],
        made_of: tuple[str, ...] = (),
        words: type[Word] | None = None,
    ) -> None:
        self.meaning, self.types, self.made_of, self.words = meaning, types, made_of, words

    SOURCE_ROW = (
        "source_row",
        "1-based number of the data row in the list",
        _in("int64 not null", *_ALL),
        ("raw_phones.source_row",),
    )
    PHONE_INDEX = (
        "phone_index",
        "0 for the first phone of that row, 1 for the next, …; a cell that holds two numbers gives two rows",
        _in("int16 not null", *_ALL),
        ("raw_phones.phone_index", "raw_phones.phone_raw"),
    )
    PHONE_COLUMN = (
        "phone_column",
        "the source column it was read from",
        _in(_CODES_32 + NOT_NULL, *_ALL),
        ("raw_phones.phone_column",),
    )
    PHONE_RAW = (
        "phone_raw",
        "the text it was read from; null where a spreadsheet or Parquet cell is missing",
        _in("string", *_ALL),
        ("raw_phones.phone_raw",),
    )
    PHONE_E164 = (
        "phone_e164",
        "the number in E.164, + and digits; null when it is rejected",
        _in("string", *_READ) | _in("string not null", SUBMITTED_CHUNKS, VERDICTS),
        ("raw_phones.phone_raw",),
    )
    REJECT_REASON = (
        "reject_reason",
        "why there is no E.164; null otherwise",
        _in(_CODES_8, *_READ),
        ("raw_phones.phone_raw",),
        RejectReason,
    )
    COUNTRY = (
        "country",
        "ISO 3166 region of the number; 001 for numbers of no country",
        _in(_CODES_16, *_READ),
        ("e164_phones.phone_e164",),
    )
    LINE_TYPE = "line_type", "what kind of line", _in(_CODES_8, *_READ), ("e164_phones.phone_e164",), LineType
    ANSWERED_BY = "answered_by", "what answers the phone", _in(_CODES_32 + NOT_NULL, SUBMITTED_CHUNKS), (), AnsweredBy
    CHUNK_KEY = "chunk_key", "the chunk that carries it; null where none does", _in(_CODES_32, SUBMITTED_CHUNKS)
    FACEBOOK = (
        "facebook",
        "what the vendor said; null means no verdict",
        _in(_CODES_8, VERDICTS, FACEBOOK_RESULTS),
        ("e164_phones.phone_e164", "verdicts.facebook"),
        Verdict,
    )
    FACEBOOK_LABEL = "facebook_label", "the label as it stood in the vendor's file", _in(_CODES_32, VERDICTS)
    CHECK_STATUS = (
        "check_status",
        "what became of the phone",
        _in(_CODES_8 + NOT_NULL, FACEBOOK_RESULTS),
        ("e164_phones.phone_e164", "submitted_chunks.answered_by", "verdicts.facebook"),
        CheckStatus,
    )
    CHECKED_AT = (
        "checked_at",
        "when the vendor exported the verdict; null without one",
        _in(_MOMENT + NOT_NULL, VERDICTS) | _in(_MOMENT, FACEBOOK_RESULTS),
        ("e164_phones.phone_e164", "verdicts.checked_at"),
    )
    TASK_ID = (
        "task_id",
        "the vendor's task that carried the phone; null while there is none",
        {SUBMITTED_CHUNKS: _CODES_32, VERDICTS: _CODES_8 + NOT_NULL, FACEBOOK_RESULTS: "string"},
        ("submitted_chunks.chunk_key", "submitted_chunks.task_id"),
    )
    LIST_KEY = "list_key", "the list", _in("string", FACEBOOK_SUMMARY)
    FILE = "file", "the name of its file", _in("string", FACEBOOK_SUMMARY)
    JOINED_AT = "joined_at", "when it was last joined", _in(_MOMENT, FACEBOOK_SUMMARY)
    COMPLETE = "complete", "nothing of it may change by itself or waits for a person", _in("bool", FACEBOOK_SUMMARY)
    ROWS = "rows", "data rows of the list", _in("int64", FACEBOOK_SUMMARY)
    PHONES = "phones", "rows of its result; the statuses add up to it", _in("int64", FACEBOOK_SUMMARY)
    BILLED_PHONES = (
        "billed_phones",
        "phones the vendor accepted for this list, counted anew for each further try",
        _in("int64", FACEBOOK_SUMMARY),
    )
    COVERAGE = (
        "coverage",
        "share of the phones neither rejected nor suppressed that have a verdict; null where there are none such",
        _in("double", FACEBOOK_SUMMARY),
    )
    PURPOSE = "purpose", "why the numbers were checked", _in("string", FACEBOOK_SUMMARY)
    SYNTHETIC = "synthetic", "a verdict of it is invented by a sandbox", _in("bool", FACEBOOK_SUMMARY)


def columns_of(file: DataFile) -> list[Column]:
    """Our columns of a file, in their order."""
    return [each for each in Column if file in each.types]


def schema_of(file: DataFile) -> pa.Schema:
    """The Arrow schema of our columns of a file; the summary's also counts each status and verdict."""
    import pyarrow as pa

    types = {
        "int64": pa.int64(),
        "int16": pa.int16(),
        "double": pa.float64(),
        "string": pa.string(),
        "bool": pa.bool_(),
        _MOMENT: pa.timestamp("us", "UTC"),
        **{f"dictionary<{each}>": pa.dictionary(each, pa.string()) for each in (pa.int8(), pa.int16(), pa.int32())},
    }
    fields = [(str(each), types[each.types[file].removesuffix(NOT_NULL)]) for each in columns_of(file)]
    if file is FACEBOOK_SUMMARY:
        at = fields.index((Column.PHONES, pa.int64())) + 1
        fields[at:at] = [(str(each), pa.int64()) for each in (*CheckStatus, *Verdict)]
    return pa.schema(fields)


RESULT_COLUMNS = {str(each): each for each in columns_of(FACEBOOK_RESULTS)}
"""Our columns of a result by name; no source column keeps such a name."""
