"""`views.sql` at the root of the data: the tables under short names, for SQL engines. Only which views there are, and their text."""

from __future__ import annotations

from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import Column, columns_of
from fbcheck_pipeline.model.paths import DataFile
from fbcheck_pipeline.workflow.workspace import Workspace

VIEWS: dict[str, DataFile] = {
    paths.CURRENT_VERDICTS.folder: paths.CURRENT_VERDICTS,
    paths.VERDICT_CHANGES.folder: paths.VERDICT_CHANGES,
    "answers": paths.FACEBOOK_ANSWERS,
    "latest": paths.FACEBOOK_LATEST,
    "summary": paths.FACEBOOK_SUMMARY,
}
"""Each view, and whose folder it reads; one whose folder has no file yet is left out, since engines refuse it."""
_SOURCES = {
    paths.FACEBOOK_LATEST: "SELECT parse_filename(filename, true) AS source, * EXCLUDE (filename)\n"
    "FROM read_parquet('{folder}/*.parquet', union_by_name = true, filename = true)"
}
_SOURCE = "SELECT * FROM read_parquet('{folder}/*.parquet')"
_HEADER = """\
-- The tables of this folder as views. Written by fbcheck: load it anew in each session, the text changes as the store grows.
-- DuckDB, from within this folder: `duckdb -init views.sql`; from elsewhere `SET file_search_path = '<this folder>'` first.
-- Spark: register each folder as the view <name>_files, then run what stands below the line.
"""
_LINE = "-- ---- any SQL engine ----"
_IN_PARTS = {
    paths.CURRENT_VERDICTS: f"""\
SELECT {", ".join(columns_of(paths.CURRENT_VERDICTS))}
FROM (
  SELECT *, row_number() OVER (PARTITION BY {Column.PHONE_E164} ORDER BY {Column.REVISION} DESC) AS newest
  FROM {{name}}_files
) AS told
WHERE newest = 1""",
    paths.VERDICT_CHANGES: f"""\
SELECT DISTINCT told.*
FROM {{name}}_files AS told
JOIN (SELECT {Column.PHONE_E164}, max({Column.REVISION}) AS {Column.REVISION} FROM {{name}}_files GROUP BY {Column.PHONE_E164}) AS newest
  ON told.{Column.PHONE_E164} = newest.{Column.PHONE_E164} AND told.{Column.REVISION} = newest.{Column.REVISION}
WHERE told.{Column.CHANGED_AT} IS NOT NULL""",
}
"""What a view says of a folder with several parts: of each phone what the newest of these says."""


def write_views(ws: Workspace, *, is_anew: bool = False) -> None:
    """Write `views.sql` where it would say something else by now.

    Args:
        is_anew: folders may have lost their last file; else what once had a view keeps it, and no long folder is listed again.

    Raises:
        StorageError: it cannot be written.
    """
    known = "" if is_anew else _written(ws)
    has_files = [name for name, table in VIEWS.items() if f"VIEW {name} " in known or ws.storage.names(table.folder)]
    text = views_text(has_files, {each for each in _IN_PARTS if len(ws.storage.names(each.folder)) > 1})
    if text != known:
        ws.storage.write_bytes(paths.VIEWS.path, text.encode())


def views_text(names: list[str], in_parts: set[DataFile]) -> str:
    """The file with these views.

    Args:
        in_parts: tables that are in several parts by now.
    """
    sources = [
        _statement(f"{name}_files", _SOURCES.get(VIEWS[name], _SOURCE).format(folder=VIEWS[name].folder)) for name in names
    ]
    queries = {name: _IN_PARTS[VIEWS[name]] if VIEWS[name] in in_parts else "SELECT * FROM {name}_files" for name in names}
    views = [_statement(name, query.format(name=name)) for name, query in queries.items()]
    return "\n".join([_HEADER, *sources, _LINE, "", *views])


def _statement(name: str, query: str) -> str:
    return f"CREATE OR REPLACE TEMP VIEW {name} AS\n{query};\n"


def _written(ws: Workspace) -> str:
    try:
        return ws.storage.read_bytes(paths.VIEWS.path).decode()
    except (FileNotFoundError, UnicodeDecodeError):
        return ""
