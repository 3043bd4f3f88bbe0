"""Every column of ours: its name, its meaning, its Arrow type in each file that has it, and what it is made of.

A result column is one entry here and its computation in the join. Reading and computing do not belong here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from fbcheck_pipeline.model.paths import CURRENT_VERDICTS as CURRENT
from fbcheck_pipeline.model.paths import E164_PHONES as E164
from fbcheck_pipeline.model.paths import FACEBOOK_ANSWERS as ANSWERS
from fbcheck_pipeline.model.paths import FACEBOOK_RESULTS as RESULTS
from fbcheck_pipeline.model.paths import FACEBOOK_SUMMARY as SUMMARY
from fbcheck_pipeline.model.paths import RAW_PHONES as RAW
from fbcheck_pipeline.model.paths import SUBMITTED_CHUNKS as PINS
from fbcheck_pipeline.model.paths import VERDICT_CHANGES as CHANGES
from fbcheck_pipeline.model.paths import VERDICTS, DataFile
from fbcheck_pipeline.model.reasons import LineType, RejectReason
from fbcheck_pipeline.model.statuses import AnsweredBy, CheckStatus, Verdict
from fbcheck_pipeline.model.word import Word

if TYPE_CHECKING:
    import pyarrow as pa

NOT_NULL = " not null"
SCHEMA_VERSION_KEY, SCHEMA_VERSION = "fbcheck.schema_version", "2"
"""In the metadata of every file; it rises with each column that is appended to a fixed schema. No column changes its type or goes."""
_PLAIN = ("int64", "int16", "double", "string", "bool", "date32")


def _in(type_: str, *files: DataFile) -> dict[DataFile, str]:
    """The answers have every column of ours that the results have."""
    return dict.fromkeys((*files, ANSWERS) if RESULTS in files else files, type_)


class Column(Word):
    """A column of ours, in the order of the files.

    Attributes:
        meaning: one phrase, for Dagster's pages and the reference.
        types: for each file that has it its type, with ` not null` where every row has a value: `int64`, `int16`, `double`, `string`,
            `bool`, `date32`; `moment` for microseconds in UTC. Words are plain strings: Parquet encodes them anyway, and readers
            treat Arrow's dictionaries in ways of their own.
        made_of: in a result, the columns it is computed from, as `asset.column`.
        words: the closed set of what stands in it, where it is one.
    """

    def __init__(
        self, _: str, meaning: str, types: Mapping[DataFile, str], made_of: str = "", words: type[Word] | None = None
    ) -> None:
        self.meaning, self.types, self.made_of, self.words = meaning, types, made_of.split(), words

    # fmt: off
    SOURCE_ROW = ("source_row", "1-based number of the data row in the list",
        _in("int64 not null", RAW, E164, RESULTS), "raw_phones.source_row")
    PHONE_INDEX = ("phone_index", "0 for the first phone of that row, 1 for the next, …; a cell that holds two numbers gives two rows",
        _in("int16 not null", RAW, E164, RESULTS), "raw_phones.phone_index raw_phones.phone_raw")
    PHONE_COLUMN = ("phone_column", "the source column it was read from",
        _in("string not null", RAW, E164, RESULTS), "raw_phones.phone_column")
    PHONE_RAW = ("phone_raw", "the text it was read from; null if a spreadsheet or Parquet cell is missing",
        _in("string", RAW, E164, RESULTS), "raw_phones.phone_raw")
    PHONE_E164 = ("phone_e164", "the number in E.164, + and digits; null when it is rejected",
        _in("string", E164, RESULTS) | _in("string not null", PINS, VERDICTS, CURRENT, CHANGES), "raw_phones.phone_raw")
    REJECT_REASON = ("reject_reason", "why the phone has no E.164; null if it has one",
        _in("string", E164, RESULTS), "raw_phones.phone_raw", RejectReason)
    COUNTRY = ("country", "ISO 3166 region of the number; 001 for numbers of no country",
        _in("string", E164, RESULTS, CURRENT), "e164_phones.phone_e164")
    LINE_TYPE = "line_type", "the kind of line", _in("string", E164, RESULTS, CURRENT), "e164_phones.phone_e164", LineType
    ANSWERED_BY = "answered_by", "what answers the phone", _in("string not null", PINS), "", AnsweredBy
    CHUNK_KEY = "chunk_key", "the chunk that holds the phone; null if none does", _in("string", PINS)
    FACEBOOK = ("facebook", "the vendor's verdict; null means none",
        _in("string", VERDICTS, RESULTS) | _in("string not null", CURRENT), "e164_phones.phone_e164 verdicts.facebook", Verdict)
    FACEBOOK_LABEL = "facebook_label", "the label as it stood in the vendor's file", _in("string", VERDICTS)
    CHECK_STATUS = ("check_status", "the outcome for the phone",
        _in("string not null", RESULTS), "e164_phones.phone_e164 submitted_chunks.answered_by verdicts.facebook", CheckStatus)
    CHECKED_AT = ("checked_at", "when the vendor exported the verdict; null without one",
        _in("moment not null", VERDICTS, CURRENT) | _in("moment", RESULTS), "e164_phones.phone_e164 verdicts.checked_at")
    FIRST_CHECKED_AT = "first_checked_at", "when the vendor exported the first verdict of the phone", _in("moment not null", CURRENT)
    PREVIOUS_FACEBOOK = ("previous_facebook", "the verdict before the last change; null if it never changed",
        _in("string", CURRENT))
    CHANGED_AT = ("changed_at", "when a verdict first differed from the one before; of a phone the last such time, null if there is none",
        _in("moment", CURRENT, CHANGES))
    FROM = "from", "the verdict before the change", _in("string not null", CHANGES)
    TO = "to", "the verdict that the change brought", _in("string not null", CHANGES)
    CHECKS = "checks", "how many tasks gave a verdict on the phone", _in("int64 not null", CURRENT)
    TASK_ID = ("task_id", "the vendor's task that carried the phone; null if there is none",
        _in("string", PINS, RESULTS) | _in("string not null", VERDICTS, CURRENT, CHANGES),
        "submitted_chunks.chunk_key submitted_chunks.task_id")
    REVISION = ("revision", "where several files tell of a phone, only its rows with the greatest revision count",
        _in("int64 not null", CURRENT, CHANGES))
    LIST_KEY = "list_key", "the list's key", _in("string not null", ANSWERS) | _in("string", SUMMARY)
    SOURCE = "source", "the name of what the list is a delivery of", _in("string not null", ANSWERS) | _in("string", SUMMARY)
    ADDED_AT = "added_at", "when the list was registered", _in("moment not null", ANSWERS) | _in("moment", SUMMARY)
    FILE = "file", "the name of its file", _in("string", SUMMARY)
    FIRST_JOINED_AT = "first_joined_at", "when it was first joined", _in("moment", SUMMARY)
    JOINED_AT = "joined_at", "when it was last joined", _in("moment", SUMMARY)
    COMPLETE = "complete", "true if nothing of the list can change automatically and nothing waits for a person", _in("bool", SUMMARY)
    ROWS = "rows", "data rows of the list", _in("int64", SUMMARY)
    PHONES = "phones", "rows of its result; the counts of the statuses add up to it", _in("int64", SUMMARY)
    OLDEST_CHECKED_AT = ("oldest_checked_at", "when the vendor exported the oldest of its verdicts; null without any",
        _in("moment", SUMMARY))
    BILLED_PHONES = ("billed_phones", "phones that the vendor accepted for this list; each further try counts again",
        _in("int64", SUMMARY))
    COVERAGE = ("coverage", "share of phones with a verdict among those neither rejected nor suppressed; null if there are none",
        _in("double", SUMMARY))
    PURPOSE = "purpose", "why the numbers were checked", _in("string", SUMMARY)
    SYNTHETIC = "synthetic", "at least one of its verdicts is invented by a sandbox", _in("bool", SUMMARY)
    # fmt: on


def columns_of(file: DataFile) -> list[Column]:
    """Our columns of a file, in their order."""
    return [each for each in Column if file in each.types]


def repeated_texts(file: DataFile) -> list[str]:
    """Names of our columns of a file that hold few different texts: what reads many rows may have these as Arrow dictionaries."""
    few = (Column.PHONE_COLUMN, Column.COUNTRY, Column.CHUNK_KEY, Column.TASK_ID)
    return [str(each) for each in columns_of(file) if each.words or each in few]


def schema_of(file: DataFile) -> pa.Schema:
    """The Arrow schema of our columns of a file; each field's metadata say what it means, and in a result what it is made of.

    The summary's also counts the rows of each status and verdict, and the different numbers of each verdict.
    """
    import pyarrow as pa

    types = {"moment": pa.timestamp("us", "UTC"), **{each: pa.type_for_alias(each) for each in _PLAIN}}
    fields = [
        described(pa.field(str(each), types[each.types[file].removesuffix(NOT_NULL)]), each.meaning, each.made_of)
        for each in columns_of(file)
    ]
    if file is SUMMARY:
        at = [each.name for each in fields].index(Column.PHONES) + 1
        fields[at:at] = [described(pa.field(name, pa.int64()), meaning) for name, meaning in _COUNTED.items()]
    return pa.schema(fields, {SCHEMA_VERSION_KEY: SCHEMA_VERSION})


def distinct(verdict: str) -> str:
    """The summary's column of different numbers with a verdict."""
    return f"distinct_{verdict}"


_COUNTED = {
    **{str(each): f"rows with this status: {each.meaning}" for each in CheckStatus},
    **{str(each): f"rows with this verdict: {each.meaning}" for each in Verdict},
    **{distinct(each): f"different numbers with this verdict: {each.meaning}" for each in Verdict},
}


def described(field: pa.Field, meaning: str, made_of: Sequence[str] = ()) -> pa.Field:
    """The field with what it means, and what it is made of, in its metadata."""
    return field.with_metadata({"meaning": meaning, **({"origin": " ".join(made_of)} if made_of else {})})


OWN_EXPORT = "This list is a result that fbcheck exported"
"""How the sentence begins about a list that has our columns."""
RESULT_COLUMNS = {str(each): each for each in columns_of(RESULTS)}
"""Our columns of a result by name; no source column keeps such a name."""
_RESERVED = {*map(str, columns_of(ANSWERS)), "filename"}  # DuckDB adds `filename` where asked for


def result_name(name: str) -> str:
    """What a source's column is called in a result.

    Ours are reserved in whatever case: to SQL engines `Country` and our `country` are one name, and they take the wrong one.
    """
    return f"{name}_source" if name.casefold() in _RESERVED else name


def result_names(names: Sequence[str]) -> tuple[str, ...]:
    """What a source's columns are called in a result: no two alike in whatever case; whose name is taken gets a suffix."""
    wanted, taken = [result_name(each) for each in names], set(map(str.casefold, names))
    found, kept, numbers = list[str](), set[str](), dict[str, int]()
    for name, own in zip(wanted, names, strict=True):
        final = name
        while (final.casefold() in kept) or (final != own and final.casefold() in taken):
            numbers[name.casefold()] = numbers.get(name.casefold(), 1) + 1
            final = f"{name}_{numbers[name.casefold()]}"
        kept.add(final.casefold())
        found.append(final)
    return tuple(found)
