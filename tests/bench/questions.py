"""How long DuckDB takes for each question of docs/analysts.md, by the page's own SQL: `python -m tests.bench.questions`.

2,000 lists of 50 sources with 500 rows each, 700,000 different numbers, a fifth of the verdicts changed once. The tables are written
straight from their schemas, each lineage as long as that of a small list. The best of three, in a process that has read nothing before.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import schema_of
from fbcheck_pipeline.model.paths import DataFile
from fbcheck_pipeline.workflow.tables.shipped_views import VIEWS, views_text
from tests.integration.docs.engines import SECTIONS, Engine

NUMBERS, LINEAGE_BYTES = 700_000, 8_000
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def build(folder: Path, lists: int, rows: int) -> None:
    """Write `data` and `crm.parquet`."""
    data, dice = folder / "data", np.random.default_rng(1)
    for table in (*VIEWS.values(), paths.FACEBOOK_RESULTS, paths.LINEAGE):
        (data / table.folder).mkdir(parents=True)
    phones = pc.binary_join_element_wise("+", pa.array(905_300_000_000 + np.arange(NUMBERS)).cast(pa.string()), "")
    words = pa.array(dice.choice(["yes", "no", "ban"], NUMBERS, p=[0.5, 0.4, 0.1]))
    countries = pa.array(dice.choice(["TR", "DE", "CH"], NUMBERS))
    summaries = []
    for number in range(lists):
        key, source, added = f"list-{number:05}", f"source{number % 50}", BEGAN + timedelta(hours=4 * number)
        at = pa.array(dice.integers(0, NUMBERS, rows))
        known = {"phone_e164": phones.take(at), "facebook": words.take(at), "country": countries.take(at)}
        known |= fixed(rows, list_key=key, source=source, added_at=added, check_status="checked", line_type="mobile", task_id=key)
        known |= {"source_row": pa.array(range(1, rows + 1)), "phone_raw": known["phone_e164"]}
        known |= fixed(rows, phone_index=0, phone_column="phone", checked_at=added)
        write(data, paths.FACEBOOK_ANSWERS, key, known, rows)
        own = pa.table(known).append_column(f"own{number % 7}", pa.array(["x"] * rows)).append_column("Şehir", known["country"])
        pq.write_table(own, data / paths.FACEBOOK_RESULTS.of(key))
        task = {"task_id": key, "submitted_at": added.isoformat(), "bought": rows, "tries": 1}
        filler = {f"column {each}": "x" * 80 for each in range(LINEAGE_BYTES // 100)}
        (data / paths.LINEAGE.of(key)).write_text(json.dumps({"list_key": key, "columns": filler, "tasks": [task]}, indent=2))
        summaries.append(
            {"list_key": key, "source": source, "added_at": added, "phones": rows, "billed_phones": rows, "coverage": 1.0}
        )
    pq.write_table(own, data / paths.FACEBOOK_LATEST.of("customers"))
    for first in range(0, lists, 1000):
        table = pa.Table.from_pylist(summaries[first : first + 1000], schema_of(paths.FACEBOOK_SUMMARY))
        pq.write_table(table, data / paths.FACEBOOK_SUMMARY.of(f"-{first // 1000}"))
    verdicts = {"phone_e164": phones, "country": countries, "facebook": words}
    verdicts |= fixed(NUMBERS, line_type="mobile", checked_at=BEGAN, first_checked_at=BEGAN, checks=1, task_id="task")
    write(data, paths.CURRENT_VERDICTS, "all", verdicts, NUMBERS)
    few = NUMBERS // 5
    changes = {"phone_e164": phones[:few], "changed_at": pa.array(BEGAN + timedelta(minutes=4 * each) for each in range(few))}
    write(data, paths.VERDICT_CHANGES, "all", changes | fixed(few, **{"from": "yes", "to": "no", "task_id": "task"}), few)
    (data / paths.VIEWS.path).write_text(views_text(list(VIEWS), set()))
    pq.write_table(pa.table({"customer": pa.array(range(10_000)), "phone_e164": phones[:10_000]}), folder / "crm.parquet")


def fixed(rows: int, **values: Any) -> dict[str, pa.Array]:
    return {name: pa.repeat(pa.scalar(value), rows) for name, value in values.items()}


def write(data: Path, table: DataFile, key: str, known: dict[str, pa.Array], rows: int) -> None:
    """A file of a fixed schema; what is not said is null."""
    columns = [known[each.name].cast(each.type) if each.name in known else pa.nulls(rows, each.type) for each in schema_of(table)]
    pq.write_table(pa.Table.from_arrays(columns, schema=schema_of(table)), data / table.of(key), compression="zstd")


def main() -> None:
    """Build, ask, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lists", type=int, default=2000)
    parser.add_argument("--rows", type=int, default=500)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder), given.lists, given.rows)
        os.chdir(folder)
        engine = Engine("duckdb")
        print(f"{'question':40} {'wall s':>7} {'cpu s':>7} {'rows':>9}")
        for name, (block, *_) in SECTIONS.items():
            tries = [asked(engine, block.text) for _ in range(3)]
            wall, cpu, rows = min(tries)
            print(f"{name:40} {wall:7.2f} {cpu:7.2f} {rows:9,}", flush=True)


def asked(engine: Engine, query: str) -> tuple[float, float, int]:
    """Seconds until the last row is there, processor seconds, rows."""
    began, cpu = time.perf_counter(), time.process_time()
    rows = len(engine.known["duckdb"].sql(query).to_arrow_table())
    return time.perf_counter() - began, time.process_time() - cpu, rows


if __name__ == "__main__":
    main()
