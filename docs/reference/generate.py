"""Writes the pages of this folder from the code: `make docs`. A test says when they are no longer current.

What the code cannot say of itself, the meaning of a column or of a word, stands here; a column or word without one stops it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pyarrow as pa
import typer
from pydantic.fields import FieldInfo

from fbcheck_pipeline import errors
from fbcheck_pipeline.cli.app import app
from fbcheck_pipeline.ledger.states import MOVES, TRAITS, ChunkState, Traits
from fbcheck_pipeline.lists.facts import LIST_SUFFIXES
from fbcheck_pipeline.model.reasons import EXCLUDED_LINE_TYPES, LINE_TYPES, REASONS
from fbcheck_pipeline.phones import Normaliser
from fbcheck_pipeline.results.join import result_schema
from fbcheck_pipeline.results.summary import SUMMARY_SCHEMA
from fbcheck_pipeline.settings import Settings
from fbcheck_pipeline.words import CHECK_STATUSES, COLUMNS, OTHER_COLUMNS, VERDICTS
from fbcheck_pipeline.workflow.pins import AnsweredBy
from fbcheck_pipeline.workflow.verdicts import SCHEMA as VERDICT_SCHEMA

FOLDER = Path(__file__).parent
NOTE = "<!-- Written by docs/reference/generate.py (`make docs`); change the code or the generator, not this page. -->"

RAW_SCHEMA = pa.schema(
    [
        ("source_row", pa.int64()),
        ("phone_index", pa.int16()),
        ("phone_column", pa.dictionary(pa.int32(), pa.string())),
        ("phone_raw", pa.string()),
    ]
)
SEE = {
    "reject_reason": "[reject reasons](#reject_reason)",
    "line_type": "[line types](#line_type)",
    "facebook": "[verdicts](#facebook)",
    "check_status": "[statuses](#check_status)",
    "answered_by": "[answers](#answered_by)",
}
VERDICT_MEANING = {
    "yes": "the number has an active account",
    "no": "the vendor says it has none",
    "ban": "the vendor reports its account as banned",
}
STATUS_MEANING = {
    "checked": "bought for this list; `facebook` is set",
    "reused": "answered by an earlier verdict, or by a chunk that another list pays for; `facebook` is set",
    "rejected": "no E.164 could be made of it, see `reject_reason`; never sent",
    "suppressed": "it opted out; never sent",
    "undetermined": "sent, and no usable answer came back, or not in time",
    "unconfirmed": "sent, and the vendor's answer was lost: perhaps billed, never repeated unasked",
    "waiting": "not sent yet, or sent and not answered yet",
    "refused": "the vendor refused its chunk; not billed",
    "over_budget": "held back by `FBCHECK_MAX_BILLABLE` or `FBCHECK_MAX_BILLABLE_PER_DAY`",
}
STATUS_NEXT = {
    "undetermined": "sent again by a later night, or by `run --retry`; at most `FBCHECK_MAX_TRIES` times in all",
    "unconfirmed": "a person decides: [reconcile](../how-to/reconcile.md)",
    "waiting": "goes on by itself, or with the next `run`",
    "refused": "as undetermined",
    "over_budget": "the next night tries again",
}
REASON_MEANING = {
    "empty": "the cell is empty, or says so: `n/a`, `-`, `yok` …",
    "not_a_number": "no telephone number: a date, a name, an address …",
    "letters_in_number": "a letter stands where a digit may have been, or a word may own the digits beside it: `… 2. Etage`",
    "no_region": "no country code, and no region was given for it; or its country cell names none (`NA` may be Namibia or nothing)",
    "too_short": "too few digits for any number of its country",
    "too_long": "too many digits; more than 15 after the `+` in any case",
    "invalid_number": "no such number is in service in its country's numbering plan",
    "excel_precision_lost": "a spreadsheet has shortened it (`9.05E+11`); its last digits are gone",
    "ambiguous_international": "bare digits that read as a number of two countries, and the column does not decide which",
    "ambiguous_range": "several lines written as one: `555 12 34-35`; or a mark before it counts: `#2 171 …`",
    "emergency": "an emergency number",
    "line_type_excluded": "a line that owns no account; `FBCHECK_ALLOW_LINE_TYPES` keeps it",
}
ANSWER_MEANING = {
    AnsweredBy.CHUNK: "a chunk bought for this list",
    AnsweredBy.OTHER_CHUNK: "a chunk that another list pays for",
    AnsweredBy.VERDICT: "an earlier task's verdict, younger than `FBCHECK_VERDICT_DAYS`",
    AnsweredBy.EARLIER_TRY: "a settled try without a usable answer, not to be repeated now",
    AnsweredBy.SUPPRESSED: "nothing: it opted out",
    AnsweredBy.OVER_BUDGET: "nothing yet: the budget is used up",
    AnsweredBy.WAITING: "nothing yet: too few phones for a chunk (`FBCHECK_MIN_CHUNK`)",
}
EXIT_CODES = {
    0: "all done",
    1: "an unexpected error; run again with `fbcheck --debug …`, and report it",
    2: "wrong usage, settings or input; `doctor` found a fault",
    3: "finished, with phones still without a verdict: waiting, unconfirmed, undetermined, over budget; each counted and named",
    4: "the vendor refuses: key, balance or address",
    130: "interrupted (Ctrl-C); the same command goes on",
}
DEFAULTS = {"min_chunk": "1 (simple), 100 (v1)", "ledger_url": "`sqlite:///<DATA_URI>/ledger.db`, where that is a local folder"}
"""Where no default in the class means something else than none."""


def pages() -> dict[str, str]:
    """File name -> text of each page."""
    made = {"settings.md": settings_page, "columns.md": columns_page, "commands.md": commands_page, "chunks.md": chunks_page}
    return {name: "\n".join([NOTE, "", *make()]) + "\n" for name, make in made.items()}


def settings_page() -> Iterator[str]:
    """Every field of `Settings`."""
    yield from (
        "# Settings",
        "",
        "Environment variables, or lines of a file `.env` in the working directory; the environment wins. The same names in lower case",
        "are fields of the Dagster resource. An empty value counts as unset. `fbcheck doctor` says what is wrong with them.",
        "",
    )
    yield from table(
        ("variable", "default", "allowed", "meaning"),
        ((f"`FBCHECK_{name.upper()}`", _default(name, field), _allowed(field), field.description) for name, field in _fields()),
    )
    yield from (
        "",
        "`DAGSTER_HOME` is Dagster's own; where it is unset, `fbcheck` keeps its instance in `<DATA_URI>/dagster` when that is a local",
        "folder, and asks for it otherwise. `NO_COLOR` and `COLUMNS` are heeded. OpenLineage events are sent where OpenLineage's own",
        "configuration (`OPENLINEAGE_URL` …) says, and nowhere without one.",
    )


def columns_page() -> Iterator[str]:
    """The Parquet files' columns, and the words that stand in them."""
    results = result_schema(Normaliser.output_schema(RAW_SCHEMA))
    yield from (
        "# Columns",
        "",
        "## facebook_results",
        "",
        "`facebook_results/<list_key>.parquet`, one row per phone. The source list's own columns stand first, as text, as they were; one",
        "that bears a name below, in whatever case, gets the suffix `_source`. Columns without a header are `column_1`, `column_2` …",
        "",
    )
    yield from _columns(results)
    yield from ("", "## check_status", "")
    rows = ((f"`{each}`", STATUS_MEANING[each], STATUS_NEXT.get(each, "stays so")) for each in CHECK_STATUSES)
    yield from table(("status", "meaning", "what comes next"), rows)
    yield from ("", "## facebook", "", "Null is never a no: it means that nobody knows.", "")
    yield from table(("verdict", "meaning"), ((f"`{each}`", VERDICT_MEANING[each]) for each in VERDICTS))
    yield from ("", "## reject_reason", "")
    yield from table(("reason", "meaning"), ((f"`{each}`", REASON_MEANING[each]) for each in REASONS))
    yield from (
        "",
        "## line_type",
        "",
        "In phonenumbers' words. Excluded ones are rejected unless `FBCHECK_ALLOW_LINE_TYPES` names them.",
        "",
    )
    kinds = ((f"`{each}`", "excluded" if each in EXCLUDED_LINE_TYPES else "kept") for each in LINE_TYPES)
    yield from table(("line type", ""), kinds)
    yield from ("", "## facebook_summary", "", "`facebook_summary/summary.parquet`, one row per joined list.", "")
    counted = dict.fromkeys(CHECK_STATUSES, "rows of this [status](#check_status)")
    counted |= dict.fromkeys(VERDICTS, "rows of this [verdict](#facebook)")
    yield from _columns(SUMMARY_SCHEMA, counted)
    yield from ("", "## verdicts", "", "`verdicts/<task_id>.parquet`, one row per phone that the task answered.", "")
    yield from _columns(VERDICT_SCHEMA)
    yield from (
        "",
        "## answered_by",
        "",
        "In `submitted_chunks/<list_key>.parquet`, one row per distinct phone: what answers it.",
        "",
    )
    yield from table(("answer", "meaning"), ((f"`{each}`", ANSWER_MEANING[each]) for each in AnsweredBy))


def commands_page() -> Iterator[str]:
    """Every command with its options, and the exit codes."""
    root: Any = typer.main.get_command(app)
    context = root.make_context("fbcheck", [], resilient_parsing=True)
    yield from (
        "# Commands",
        "",
        "What a person reads goes to standard error; `--json` prints exactly one JSON object on standard output. Lists are",
        f"{', '.join(f'`{suffix}`' for suffix in LIST_SUFFIXES)}.",
        "",
        f"Before any command: {'; '.join(f'{names} {_sentence(said)}' for names, said in _options(root, context))}.",
    )
    for name, command in root.commands.items():
        yield from ("", f"## fbcheck {name}", "", *_help(command))
        yield from ("", *table(("option", "meaning"), _options(command, context)))
    yield from (
        "",
        "## Exit codes",
        "",
        "Of several lists the first that applies of 1, 4, 2, 3, 0; a bad list never stops the others.",
        "",
    )
    yield from table(("code", "meaning", "errors"), ((code, text, _errors_of(code)) for code, text in EXIT_CODES.items()))
    yield from ("", "What to do about each error: [troubleshooting](../troubleshooting.md).")


def chunks_page() -> Iterator[str]:
    """The life of a chunk: its states, what each means, and the moves there are."""
    yield from (
        "# The life of a chunk",
        "",
        "A chunk is one try of its phones; its key is random. What `fbcheck status` shows as its state, and what that means:",
        "",
    )
    traits = [each.name for each in fields(Traits) if each.name not in ("check_status", "action")]
    rows = (
        [f"`{state}`", *(_mark(getattr(found, each)) for each in traits), _mark(found.check_status)]
        for state, found in TRAITS.items()
    )
    yield from table(("state", *(each.replace("_", " ") for each in traits), "unanswered phones are"), rows)
    yield from (
        "",
        "*Holds*: nobody else sends its phones. *Settles*: no list waits for it. *Is polled*: the vendor is asked about it. *Is try*: the vendor",
        "may have accepted it. *In budget*: its phones count as bought. *Retries*: who sends its unanswered phones again.",
        "",
        "## What a person does",
        "",
    )
    yield from table(
        ("state", "action"),
        ((f"`{state}`", found.action.format(chunk_key="CHUNK_KEY")) for state, found in TRAITS.items() if found.action),
    )
    order = list(ChunkState)
    moves = sorted(MOVES, key=lambda move: (order.index(move[0]), order.index(move[1])))
    yield from (
        "",
        "## Moves",
        "",
        "Each is one guarded UPDATE; the row count says who won.",
        "",
        "```mermaid",
        "stateDiagram-v2",
    )
    yield from ("    [*] --> planned", *(f"    {before} --> {after}" for before, after in moves), "```")


def table(heads: Iterable[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """A Markdown table."""
    heads = list(heads)
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in row)} |"


def _columns(schema: pa.Schema, also: dict[str, str] | None = None) -> Iterator[str]:
    ours = COLUMNS | OTHER_COLUMNS
    meaning = ours | {name: f"{ours[name]}; see {link}" for name, link in SEE.items()} | (also or {})
    return table(("column", "type", "meaning"), ((f"`{each.name}`", _type(each.type), meaning[each.name]) for each in schema))


def _type(type_: pa.DataType) -> str:
    return "dictionary string" if pa.types.is_dictionary(type_) else str(type_)


def _fields() -> Iterable[tuple[str, FieldInfo]]:
    return Settings.model_fields.items()


def _default(name: str, field: FieldInfo) -> str:
    return DEFAULTS.get(name, "none" if field.default is None else f"`{field.default}`")


def _allowed(field: FieldInfo) -> str:
    literals = [each for each in (field.annotation, *get_args(field.annotation)) if get_origin(each) is Literal]
    if literals:
        return ", ".join(f"`{each}`" for each in get_args(literals[0]))
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
    bounds = [
        f"{sign} {getattr(each, bound):,}" for each in field.metadata for bound, sign in signs.items() if hasattr(each, bound)
    ]
    kinds = [each for each in (field.annotation, *get_args(field.annotation)) if each in (bool, int, float)]
    words = {bool: "true, false", int: "whole number", float: "number"}
    return ", ".join([*(words[each] for each in kinds[:1]), *bounds])


def _options(command: Any, context: Any) -> list[tuple[str, str]]:
    """How each argument and option is written, and its help; the shell's own go without saying."""
    shown = [each for each in command.params if each.name not in ("install_completion", "show_completion")]
    records = [each.get_help_record(context) for each in sorted(shown, key=lambda each: each.param_type_name == "option")]
    return [(f"`{names.replace(' range', '')}`", said) for names, said in records]


def _sentence(text: str) -> str:
    return text[:1].lower() + text[1:].rstrip(".")


def _help(command: Any) -> Iterator[str]:
    """The command's own help; its example as code."""
    for line in (command.help or "").strip().splitlines():
        example = line.removeprefix("Example: ")
        yield line if example == line else f"```sh\n{example}\n```"


def _mark(value: Any) -> str:
    return {True: "yes", False: "", None: ""}.get(value, value)


def _errors_of(code: int) -> str:
    family = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, errors.FbcheckError)]
    return ", ".join(f"`{each.__name__}`" for each in family if each.exit_code == code and each is not errors.FbcheckError)


if __name__ == "__main__":
    for name, text in pages().items():
        (FOLDER / name).write_text(text)
