"""Stores as an erasure finds them, made without Dagster; and a search for a number in whatever form it may lie there."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import sqlalchemy as sa

from fbcheck_pipeline.files.storage import BatchStream
from fbcheck_pipeline.lists import ReadOptions
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.phones import Normaliser
from fbcheck_pipeline.results.joined_list import rejoin
from fbcheck_pipeline.workflow.arrival.intake import add_list, open_registered_list
from fbcheck_pipeline.workflow.buying.submit import submit_list
from fbcheck_pipeline.workflow.content import stored_content
from fbcheck_pipeline.workflow.index.index_upkeep import update_index
from fbcheck_pipeline.workflow.verdict_files.volumes import bind_verdicts
from fbcheck_pipeline.workflow.workspace import Workspace
from tests.integration.workflow.workflow_driver import WorkflowDriver

PERSON = 905_320_000_010
"""Of a range that the tests use for nobody."""
OTHERS = [905_320_000_000 + each for each in range(40) if each != 10]
HOME = 902_120_000_010


def national(phone: int) -> str:
    return f"0{str(phone)[2:5]} {str(phone)[5:8]} {str(phone)[8:10]} {str(phone)[10:]}"


def take_in(driver: WorkflowDriver, path: Path, **given: Any) -> str:
    """What the assets do with a list before the vendor answers; returns its key."""
    ws = driver.ws
    key = add_list(ws, path, ReadOptions(region="TR"), None)
    known = ws.ledger.phone_list(key)
    if known.reading is None:
        with open_registered_list(ws, known) as reader:
            ws.storage.write_parquet(paths.RAW_PHONES.of(key), BatchStream(reader.schema, reader.batches()))
            ws.ledger.note_read(key, {**asdict(reader.source), **reader.counts, "sha256": known.sha256})
    raw = ws.storage.read_parquet(paths.RAW_PHONES.of(key))
    if not ws.storage.exists(e164 := paths.E164_PHONES.of(key)):
        normaliser = Normaliser(region="TR")
        batches = normaliser.normalise_all(normaliser.learn(raw.batches))
        ws.storage.write_parquet(e164, BatchStream(Normaliser.output_schema(raw.schema), batches))
    submit_list(ws, driver.client, key, stored_content(ws.storage, key), **given)
    return key


def join_all(ws: Workspace) -> None:
    for each in ws.ledger.lists_to_join():
        rejoin(ws, each.list_key)


def write_lists(folder: Path) -> dict[str, Path]:
    """Three lists with the person: two phone columns and a note about them, a workbook, and one of nobody else."""
    folder.mkdir(exist_ok=True)
    rows = [f"{phone},{national(phone)},," for phone in OTHERS[:20]]
    rows += [f"{OTHERS[20]},{national(OTHERS[20])},,ask at {national(PERSON)}", f"me,{national(PERSON)},{national(HOME)},vip"]
    rows += ["nobody,12,,", f"again,+{PERSON},,"]
    csv = folder / "customers.csv"
    csv.write_text("id,phone,home_phone,note\n" + "\n".join(rows) + "\n", encoding="utf-8")
    book = openpyxl.Workbook()
    sheet = book.create_sheet("leads", 0)
    for row in (["name", "phone"], *[[f"n{each}", f"+{each}"] for each in (*OTHERS[15:35], PERSON)]):
        sheet.append(row)
    book.save(folder / "leads.xlsx")
    (folder / "alone.csv").write_text(f"phone\n+{PERSON}\n")
    return {each.stem: each for each in (csv, folder / "leads.xlsx", folder / "alone.csv")}


def grown_store(driver: WorkflowDriver, folder: Path) -> dict[str, str]:
    """Three lists of two nights, joined, with an index and a volume of their verdicts; returns their keys by name."""
    keys = {}
    for name, path in write_lists(folder).items():
        keys[name] = take_in(driver, path)
        driver.finish()
        join_all(driver.ws)
    update_index(driver.ws, max_loose=0)
    bind_verdicts(driver.ws, max_files=0)
    return keys


def tables(ws: Workspace, without: int) -> dict[str, list[dict[str, Any]]]:
    """The rows of other people in all tables, by file; those of one file of verdicts or of many are the same, and a table made anew, too."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path in sorted(Path(ws.storage.root).rglob("*.parquet")):
        name = str(path.relative_to(ws.storage.root))
        if name.startswith("facebook_summary"):
            continue
        own = "phone_raw" if name.startswith("raw_phones") else "phone_e164"
        rows = [row for row in pq.read_table(path).to_pylist() if not cell_has(row.get(own), without)]
        for row in rows:
            row.pop("revision", None)
        name = "verdicts" if name.startswith("verdicts/") else name
        found.setdefault(name, []).extend(rows)
    return {name: sorted(rows, key=repr) for name, rows in found.items()}


def where_is(ws: Workspace, *phones: int) -> list[str]:
    """Files below DATA_URI and columns of the ledger that hold one of these phones, unpacked, whatever its form and its separators."""
    files = [path for path in Path(ws.storage.root).rglob("*") if path.is_file() and not path.name.startswith("ledger.db")]
    found = [str(path.relative_to(ws.storage.root)) for path in files if any(_has(each, phones) for each in _texts(path))]
    with ws.ledger.database.reading() as connection:
        for table in sa.inspect(connection).get_table_names():
            for row in connection.execute(sa.text(f'SELECT * FROM "{table}"')).mappings():
                found += [f"{table}.{name}" for name, value in row.items() for each in phones if cell_has(value, each)]
    return found


def _texts(path: Path) -> Iterator[bytes]:
    content = path.read_bytes()
    yield content
    if path.suffix == ".parquet":
        with pq.ParquetFile(pa.BufferReader(content)) as file:  # half of read_table's time
            yield repr(file.read(use_threads=False).to_pydict()).encode()
            yield repr(file.metadata.metadata).encode()
    yield from _unpacked(content)


def _unpacked(content: bytes) -> Iterator[bytes]:
    if content.startswith(b"\x1f\x8b"):
        yield (inner := gzip.decompress(content))
        yield from _unpacked(inner)
    elif content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                yield (inner := archive.read(name))
                yield from _unpacked(inner)


def _has(content: bytes, phones: Sequence[int]) -> bool:
    plain = content.translate(None, b" \t\n\r\f\v().+-")
    return any(str(phone)[2:].encode() in plain or np.int64(phone).tobytes() in content for phone in phones)


def cell_has(value: object, phone: int) -> bool:
    if isinstance(value, bytes | memoryview):
        packed = bytes(value)
        if packed.startswith(b"\x28\xb5\x2f\xfd"):
            size = 1 << 20
            steps = np.frombuffer(
                pa.decompress(packed, decompressed_size=_frame_size(packed, size), codec="zstd", asbytes=True), np.int64
            )
            return phone in np.cumsum(steps)
        return _has(packed, [phone])
    return value is not None and _has((value if isinstance(value, str) else json.dumps(value, default=str)).encode(), [phone])


def _frame_size(packed: bytes, most: int) -> int:
    with pa.CompressedInputStream(pa.BufferReader(packed), "zstd") as stream:
        return len(stream.read(most))


def counts_add_up(ws: Workspace, list_key: str) -> dict[str, Any]:
    """The lineage of a list, whose counts are those of the result's rows."""
    lineage: dict[str, Any] = json.loads(ws.storage.read_bytes(paths.LINEAGE.of(list_key)))
    result = pq.read_table(f"{ws.storage.root}/{paths.FACEBOOK_RESULTS.of(list_key)}")
    counts = lineage["counts"]
    assert counts["phones"] == result.num_rows == sum(counts[name] for name in counts if name not in ("rows", "phones"))
    assert counts["rows"] == pc.count_distinct(result["source_row"]).as_py()
    assert ws.ledger.phone_list(list_key).counts == counts
    return lineage
