"""Writes the pages of this folder from the code: `make docs`. A test says when they are no longer current.

What a column, a word or a file means stands in `fbcheck_pipeline/model/`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import typer
from pydantic.fields import FieldInfo

from fbcheck_pipeline import errors
from fbcheck_pipeline.cli.app import app
from fbcheck_pipeline.ledger.states import MOVES, TRAITS, ChunkState, Traits
from fbcheck_pipeline.lists.facts import LIST_SUFFIXES
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import columns_of, schema_of
from fbcheck_pipeline.model.paths import DataFile
from fbcheck_pipeline.model.reasons import LineType, RejectReason
from fbcheck_pipeline.model.statuses import AnsweredBy, CheckStatus, Verdict
from fbcheck_pipeline.settings import Settings

FOLDER = Path(__file__).parent
NOTE = "<!-- Written by docs/reference/generate.py (`make docs`); change the code or the generator, not this page. -->"

DESCRIBED = (
    *(paths.FACEBOOK_RESULTS, paths.FACEBOOK_ANSWERS, paths.CURRENT_VERDICTS, paths.VERDICT_CHANGES, paths.FACEBOOK_SUMMARY),
    *(paths.VERDICTS, paths.SUBMITTED_CHUNKS),
)
"""Files whose columns have a heading of their own on their page."""
EXIT_CODES = {
    0: "everything is done",
    1: "an unexpected error: run again with `fbcheck --debug …`, and report it",
    2: "wrong usage, settings or input; or `doctor` found a fault",
    3: "finished, but some phones have no verdict: they are waiting, unconfirmed, undetermined or over budget; the output counts each",
    4: "the vendor refuses the key, the balance or the address",
    130: "interrupted (Ctrl-C); run the same command again to continue",
}
DEFAULTS = {"min_chunk": "1 (simple), 100 (v1)", "ledger_url": "`sqlite:///<DATA_URI>/ledger.db`, where that is a local folder"}
"""Settings whose default depends on others."""


def pages() -> dict[str, str]:
    """File name -> text of each page."""
    made = {
        "settings.md": settings_page,
        "columns.md": columns_page,
        "files.md": files_page,
        "commands.md": commands_page,
        "chunks.md": chunks_page,
    }
    return {name: "\n".join([NOTE, "", *make()]) + "\n" for name, make in made.items()}


def settings_page() -> Iterator[str]:
    """Every field of `Settings`."""
    yield from (
        "# Settings",
        "",
        "Settings are environment variables, or lines of a file `.env` in the working directory; the environment takes precedence. The same",
        "names in lower case are fields of `fbcheck_pipeline.FbcheckResource`, for an instance in a Dagster project of yours: it reads no",
        "variable but those that a field names with `dagster.EnvVar`, as the secrets `api_key`, `ledger_url` and `webhook_url` must be given.",
        "An empty value counts as unset. `fbcheck doctor` reports wrong settings.",
        "",
    )
    yield from table(
        ("variable", "default", "allowed", "meaning"),
        ((f"`FBCHECK_{name.upper()}`", _default(name, field), _allowed(field), field.description) for name, field in _fields()),
    )
    yield from (
        "",
        "`DAGSTER_HOME` is Dagster's own setting. Where it is unset, `fbcheck` keeps its Dagster instance in `<DATA_URI>/dagster` if that is",
        "a local folder, and requires it otherwise. `fbcheck` respects `NO_COLOR` and `COLUMNS`. OpenLineage events are sent to the address",
        "in OpenLineage's own configuration (`OPENLINEAGE_URL` …); without one, nothing is sent.",
    )


def columns_page() -> Iterator[str]:
    """The Parquet files' columns, and the words that stand in them."""
    yield from (
        "# Columns",
        "",
        "## facebook_results",
        "",
        f"`{paths.FACEBOOK_RESULTS.path}`, one row per phone. The list's own columns stand first, unchanged: as text, those of Parquet with",
        "their types. One of them that is called like a column of ours (or of `facebook_answers`, or `filename`), in upper or lower case,",
        "gets the suffix `_source`; one that is called like another in another case gets `_2`. Columns without a header are `column_1`,",
        "`column_2` … Each field's metadata in the file say what it means (`meaning`) and what it is made of (`origin`).",
        "",
    )
    yield from _columns(paths.FACEBOOK_RESULTS)
    yield from ("", "## check_status", "", "A person settles unconfirmed phones: [reconcile](../how-to/reconcile.md).", "")
    rows = ((f"`{each}`", each.meaning, each.next_step or "final") for each in CheckStatus)
    yield from table(("status", "meaning", "what happens next"), rows)
    yield from ("", "## facebook", "", "Null never means no: it means that the vendor gave no verdict.", "")
    yield from table(("verdict", "meaning"), ((f"`{each}`", each.meaning) for each in Verdict))
    yield from ("", "## reject_reason", "")
    yield from table(("reason", "meaning", "what may help"), ((f"`{each}`", each.meaning, each.remedy) for each in RejectReason))
    yield from (
        "",
        "## line_type",
        "",
        "In phonenumbers' words. Excluded ones are rejected unless `FBCHECK_ALLOW_LINE_TYPES` names them.",
        "",
    )
    yield from table(("line type", ""), ((f"`{each}`", "excluded" if each.is_excluded else "kept") for each in LineType))
    yield from (
        "",
        "## facebook_answers",
        "",
        f"`{paths.FACEBOOK_ANSWERS.path}`, the same rows without the list's own columns: one schema for all lists and versions, so that the",
        "folder is one table. It has the columns of [facebook_results](#facebook_results), then:",
        "",
    )
    yield from _columns(paths.FACEBOOK_ANSWERS, besides=paths.FACEBOOK_RESULTS)
    yield from (
        "",
        "## facebook_latest",
        "",
        f"`{paths.FACEBOOK_LATEST.path}`, a copy of the result of the newest list of each source, with all its columns. Newest is what was",
        "registered last, whenever it was joined. A list comes here once no phone of it waits.",
    )
    yield from (
        "",
        "## current_verdicts",
        "",
        f"`{paths.CURRENT_VERDICTS.folder}/*.parquet`, one row per phone that ever got a verdict, in whatever list: the newest counts.",
        "",
    )
    yield from _columns(paths.CURRENT_VERDICTS)
    yield from (
        "",
        "## verdict_changes",
        "",
        f"`{paths.VERDICT_CHANGES.folder}/*.parquet`, one row per verdict that differs from the phone's verdict before. The first verdict of",
        "a phone is no change.",
        "",
    )
    yield from _columns(paths.VERDICT_CHANGES)
    yield from (
        "",
        "## facebook_summary",
        "",
        f"`{paths.FACEBOOK_SUMMARY.folder}/*.parquet`, one row per joined list, each list in one file.",
        "",
    )
    yield from _columns(paths.FACEBOOK_SUMMARY)
    yield from ("", "## verdicts", "", f"`{paths.VERDICTS.path}`, one row per phone that the task answered.", "")
    yield from _columns(paths.VERDICTS)
    yield from ("", "## submitted_chunks", "", f"`{paths.SUBMITTED_CHUNKS.path}`, one row per distinct phone of the list.", "")
    yield from _columns(paths.SUBMITTED_CHUNKS)
    yield from ("", "## answered_by", "")
    yield from table(("answer", "meaning"), ((f"`{each}`", each.meaning) for each in AnsweredBy))


def files_page() -> Iterator[str]:
    """Every kind of file below DATA_URI."""
    yield from (
        "# Files under DATA_URI",
        "",
        "A folder, or an object store's prefix, with the same names. A test compares this page with what a run leaves. *People*: the file",
        "holds numbers or other columns of your list. *Purged*: `fbcheck purge` deletes it with its list.",
        "",
    )
    rows = ((f"`{each.path}`", _holds(each), "yes" if each.has_people else "no", each.purged) for each in paths.FILES)
    yield from table(("path", "holds", "people", "purged"), rows)
    yield from (
        "",
        "A list key is the file's name as ASCII and the first 8 hex digits of its content's SHA-256, e.g. `customers-9f3a01bc`. A chunk key",
        "begins with a number that rises every 17 minutes, and is random behind it.",
        "A file appears under its name only when it is complete; a name that begins with a dot is being written.",
    )


def commands_page() -> Iterator[str]:
    """Every command with its options, and the exit codes."""
    root: Any = typer.main.get_command(app)
    context = root.make_context("fbcheck", [], resilient_parsing=True)
    yield from (
        "# Commands",
        "",
        "What a command was asked for goes to standard output, progress, notes and errors to standard error; `--json` prints exactly one JSON",
        "object on standard output instead. Files of lists end with",
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
        "With several lists, the exit code is the first of 1, 4, 2, 3, 0 that applies to any of them; an unreadable list does not stop the others.",
        "",
    )
    yield from table(("code", "meaning", "errors"), ((code, text, _errors_of(code)) for code, text in EXIT_CODES.items()))
    yield from ("", "What to do about each error: [troubleshooting](../troubleshooting.md).")


def chunks_page() -> Iterator[str]:
    """The life of a chunk: its states, what each means, and the moves there are."""
    yield from (
        "# The life of a chunk",
        "",
        "A chunk is one submission of its phones; its key is random. `fbcheck status` shows its state. The states mean:",
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
        "*Holds*: which of its phones no other chunk may send. *Settles*: no list waits for it. *Asks status*, *asks file*: what the vendor is",
        "asked for, if the chunk has a task. *Is try*: the vendor may have accepted it. *In budget*: its phones count as bought, or are reserved.",
        "*Retries*: who sends its unanswered phones again.",
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
        "Each move is one guarded UPDATE: it applies only if the chunk is still in the expected state.",
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


def _columns(file: DataFile, besides: DataFile | None = None) -> Iterator[str]:
    """A table of the columns of a file that another one has not."""
    links = {str(each): f"; see [{each}](#{each})" for each in columns_of(file) if each.words}
    found = (
        (f"`{each.name}`", str(each.type), (each.metadata or {})[b"meaning"].decode() + links.get(each.name, ""))
        for each in schema_of(file)
        if besides is None or each.name not in columns_of(besides)
    )
    return table(("column", "type", "meaning"), found)


def _holds(file: DataFile) -> str:
    return f"[{file.holds}](columns.md#{file.folder})" if file in DESCRIBED else file.holds


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
    """How each argument and option is written, and its help; the shell's own and --help go without saying."""
    shown = [each for each in command.get_params(context) if each.name not in ("help", "install_completion", "show_completion")]
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
