"""A result column is one entry in `model/columns.py` and its computation in the join: nothing else has to hear of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
ENTRY = '    PLANTED_COLUMN = "planted_column", "the day of the verdict", _in("date32", RESULTS), "verdicts.checked_at"\n'
COMPUTATION = "            Column.PLANTED_COLUMN: checked_at.take(numbers).cast(pa.date32()),\n"
USE = """
import json, numpy as np, pyarrow as pa
from docs.reference.generate import pages
from fbcheck_pipeline.defs.metadata import table_schema
from fbcheck_pipeline.files.storage import BatchStream
from fbcheck_pipeline.lists.column_choice import choose
from fbcheck_pipeline.lists import ReadOptions
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import Column, schema_of
from fbcheck_pipeline.model.frames import validate
from fbcheck_pipeline.results.explain import ANSWER
from fbcheck_pipeline.results.join import join_batches, result_schema
from fbcheck_pipeline.results.lineage import made_of
from fbcheck_pipeline.results.number_search import KnownNumbers
from fbcheck_pipeline.results.pseudonyms import Pseudonyms
from fbcheck_pipeline.workflow.answers import Resolved, Tally

e164 = schema_of(paths.E164_PHONES)
values = {"source_row": [1], "phone_index": [0], "phone_column": ["tel"], "phone_raw": ["a"], "phone_e164": ["+41780000001"]}
batch = pa.RecordBatch.from_arrays([pa.array(values.get(each.name, [None]), each.type) for each in e164], schema=e164)
class Task: task_id, vendor_exported_at, exported_at = "t", "2026-11-24T12:00:00Z", 1.9e9
resolved = Resolved(np.array([41780000001]), np.array([0, 6, 2], np.int8), np.array([0, -1, -1], np.int8),
    np.array([0, -1, -1], np.int32), [Task()])
schema = result_schema(e164)
(joined,) = join_batches(schema, [batch], resolved, Tally(resolved))
validate(paths.FACEBOOK_RESULTS, joined)
pseudonyms = Pseudonyms(b"key", "", ["tel"], KnownNumbers(np.array([41780000001])))
(hidden,) = pseudonyms.applied_to(BatchStream(schema, iter([joined]))).batches
print(json.dumps(default=str, obj={
    "joined": joined.column("planted_column").to_pylist(),
    "hidden": hidden.column("planted_column").to_pylist(),
    "made of": made_of(schema, None)["planted_column"],
    "described": [each.description for each in table_schema(schema).columns if each.name == "planted_column"],
    "explained": "planted_column" in ANSWER,
    "on the page": "| `planted_column` | date32[day] | the day of the verdict |" in pages()["columns.md"],
    "reserved": choose([["078 000 00 01", "x"]], ["tel", "Planted_Column"], 2, ReadOptions(), "a.csv").final_names,
}))
"""


def test_a_result_column_is_one_entry_and_its_computation(tmp_path: Path) -> None:
    """Planted in a copy of the package; schema, model, lineage, pages, exports and reserved names follow."""
    shutil.copytree(ROOT / "fbcheck_pipeline", tmp_path / "fbcheck_pipeline")  # compiled as it is
    shutil.copytree(ROOT / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns("__pycache__", "*.png"))
    for file, before, planted in (
        ("model/columns.py", "    LIST_KEY = ", ENTRY),
        ("results/join.py", "            Column.TASK_ID: ", COMPUTATION),
    ):
        path = tmp_path / "fbcheck_pipeline" / file
        text = path.read_text()
        assert text.count(before) == 1
        path.write_text(text.replace(before, planted + before))
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", USE], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "joined": ["2026-11-24"],
        "hidden": ["2026-11-24"],
        "made of": ["verdicts.checked_at"],
        "described": ["the day of the verdict"],
        "explained": True,
        "on the page": True,
        "reserved": ["tel", "Planted_Column_source"],
    }
