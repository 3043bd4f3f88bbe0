"""Each column, reason, status and path of ours is written once, in `fbcheck_pipeline/model/`; everything else refers to it."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import Column, schema_of
from fbcheck_pipeline.model.reasons import LineType, RejectReason
from fbcheck_pipeline.model.statuses import AnsweredBy, CheckStatus, Verdict
from tests.unit.sources import sources

ELSEWHERE_TOO = {
    # names of the ledger's columns and keys of our JSON documents: facts of their own, which only happen to be equal
    *("chunk_key", "task_id", "list_key", "file", "joined_at", "purpose", "complete", "rows", "phones", "synthetic", "coverage"),
    *("billed_phones", "country", "source", "added_at", "first_joined_at", "revision", "checks"),
    # words of the language, and of others: the vendor's fields, phonenumbers' attributes, help texts
    *("facebook", "yes", "no", "ban", "chunk", "verdict", "empty", "emergency", "mobile", "pager", "uan", "voip", "voicemail"),
    *("waiting", "refused", "rejected", "checked", "unconfirmed", "from", "to"),
}
EXCEPTIONS = {
    # phonenumbers' own names of these attributes of its metadata
    ("phones/fast/territories.py", "fixed_line", "mobile", "premium_rate", "toll_free", "shared_cost", "personal_number"),
    # a finished migration describes the tables of its day
    ("ledger/migrations/versions/0001_first.py",),
}
WORDS = {str(word) for words in (Column, RejectReason, LineType, CheckStatus, AnsweredBy, Verdict) for word in words}
FOLDERS = sorted(
    {each.folder for each in paths.FILES if "/" in each.path} - {paths.DAGSTER.folder}
)  # `dagster/` begins Dagster's metadata keys


@cache
def literals() -> list[tuple[str, int, str]]:
    """File, line and text of every string of the package but docstrings; the sandbox, which knows nothing of ours, aside."""
    found = []
    for source in sources():
        if source.path.startswith(("model/", "sandbox/")):
            continue
        said = {id(node.value) for node in source.nodes if isinstance(node, ast.Expr)}
        for node in source.nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
                found.append((source.path, node.lineno, node.value))
    return found


def test_every_column_reason_and_status_is_written_once() -> None:
    """A second place would have to be remembered by whoever adds, renames or explains one."""
    allowed = {(file, word) for file, *words in EXCEPTIONS for word in (words or WORDS)}
    watched = WORDS - ELSEWHERE_TOO
    assert not [f"{file}:{line} {text}" for file, line, text in literals() if text in watched and (file, text) not in allowed]


def test_every_path_below_data_uri_is_written_once() -> None:
    """What is purged, described and looked for derives from one place."""
    path = re.compile(rf"(^|\s)({'|'.join(FOLDERS)})/")
    files = {each.path for each in paths.FILES if "/" not in each.path}
    found = [f"{file}:{line} {text}" for file, line, text in literals() if path.search(text) or text in files]
    assert not found


def test_what_a_result_is_made_of_exists() -> None:
    """The origins are names, `asset.column`: each is a column of ours in that asset's file."""
    assets = {each.folder: each for each in (paths.RAW_PHONES, paths.E164_PHONES, paths.SUBMITTED_CHUNKS, paths.VERDICTS)}
    for column in Column:
        assert (paths.FACEBOOK_RESULTS in column.types) == bool(column.made_of)
        for asset, _, name in (each.partition(".") for each in column.made_of):
            assert name in schema_of(assets[asset]).names


@pytest.mark.parametrize("task_id", ["abc-1", "../../etc/passwd", "a" * 300, "ü", ".hidden"])
def test_a_task_id_of_any_shape_names_a_file_in_its_folder(task_id: str) -> None:
    """It comes from outside."""
    name = paths.VERDICTS.of(task_id)
    assert re.fullmatch(r"verdicts/[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}\.parquet", name)


def test_two_task_ids_never_share_a_file() -> None:
    """Nor do two kinds of file of one task."""
    names = [each.of(task_id) for task_id in ("a", "A", "a/b", "a\\b") for each in paths.FILES if each.key == "task_id"]
    assert names and len(set(names)) == len(names)


def test_every_file_with_people_in_it_is_deleted_with_its_list_chunk_or_task() -> None:
    """What the reference says is purged is what the purge deletes; a forgotten kind would keep numbers for ever."""
    deleted = {*paths.files_of_list("key", "key"), *paths.files_of_chunk("key", "key")}
    kept = [
        each
        for each in paths.FILES
        if each.has_people and each.purged == "yes" and not {each.of("key"), each.of("key/key")} & deleted
    ]
    assert kept == [paths.VOLUMES, paths.NEW_VOLUMES, paths.VERDICT_INDEX]  # written anew without what is purged
    assert not [each for each in paths.FILES if each.purged != "yes" and each.of("key") in deleted]
