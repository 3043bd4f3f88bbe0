"""A typed list through the command: the result has its types, and everything that reads the result copes with them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.fake_vendor import FakeVendor
from tests.integration.cli.fbcheck import Fbcheck, swiss


def test_a_parquet_list_keeps_its_types_to_the_result_and_can_be_exported(tmp_path: Path) -> None:
    """Phones that are lists, a country that is a number, and an odd column that is left out; pseudonyms are text in any case."""
    columns = {
        "phones": pa.array([[swiss(1), swiss(2)], [swiss(3)], None]),
        "country": pa.array([41, 41, 90], pa.int16()),
        "day": pa.array([date(2026, 11, 1)] * 3),
        "at": pa.array([datetime(2026, 11, 1, tzinfo=UTC)] * 3, pa.timestamp("us", "Europe/Istanbul")),
        "spent": pa.array([Decimal("1.50")] * 3),
        "is_new": pa.array([True, None, False]),
        "score": pa.array([1.5, None, 2.0]),
        "half": pa.array([1.5, None, 2.0], pa.float16()),
        "tags": pa.array([["a", "b"], [], None]),
        "far": pa.array([2**62, None, 0], pa.timestamp("us")),
        "id": pa.ExtensionArray.from_storage(pa.uuid(), pa.array([b"0123456789abcdef"] * 3, pa.binary(16))),
    }
    pq.write_table(pa.table(columns), tmp_path / "list.parquet")
    with FakeVendor() as vendor:
        fbcheck = Fbcheck(tmp_path, vendor.url)
        code, document, err = fbcheck("run", str(tmp_path / "list.parquet"), "--json")
        assert code == 0, err
        [entry] = document["lists"]
        assert entry["counts"]["checked"] == 3 and document["billed_phones"] == 3
        schema = pq.read_schema(entry["results"])
        kept = {name: column.type for name, column in columns.items() if name not in ("id", "country")}
        assert {name: schema.field(name).type for name in kept} == kept and "id" not in schema.names
        assert schema.field("country_source").type == pa.int16()
        for more in ([], ["--pseudonymise"]):
            for kind in ("csv", "xlsx"):
                to = tmp_path / f"out{len(more)}.{kind}"
                code, _, err = fbcheck("export", entry["list_key"], "--to", str(to), *more)
                assert code == 0 and to.stat().st_size > 0, err
        code, explained, err = fbcheck("lineage", entry["list_key"], "--row", "1", "--json")
        assert code == 0 and explained["cells"]["spent"] == "1.50", err
