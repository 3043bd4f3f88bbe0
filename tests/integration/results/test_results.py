"""What a person or a program finds beside a result, through the command as a process and Dagster's own instance."""

import csv
import io
import json
import re
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import dagster as dg
import openpyxl
import pyarrow as pa
import pyarrow.dataset as dataset
import pyarrow.parquet as pq
import pytest

from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import RESULT_COLUMNS
from tests.fake_vendor import FakeVendor, ResultShape, verdict
from tests.integration.cli.fbcheck import Fbcheck, swiss, write_list


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Fbcheck, dict[str, Any]]]:
    """A finished list that nobody changes: three good phones, one repeat, one reject; and the command that made it."""
    folder = tmp_path_factory.mktemp("shared")
    with FakeVendor() as vendor:
        fbcheck = Fbcheck(folder, vendor.url)
        path = str(write_list(folder / "list.csv", [swiss(1), swiss(2), swiss(3), swiss(1), "junk"]))
        code, document, err = fbcheck("run", path, "--json", "--purpose", "test", PRICE_PER_10K="3000")
        assert code == 0, err
        yield fbcheck, document["lists"][0]


@pytest.fixture
def reader(shared: tuple[Fbcheck, dict[str, Any]]) -> Fbcheck:
    """The command on the shared list."""
    return shared[0]


@pytest.fixture
def joined(shared: tuple[Fbcheck, dict[str, Any]]) -> dict[str, Any]:
    """The shared list's entry in the document of its run."""
    return shared[1]


def beside(entry: dict[str, Any], kind: str) -> Path:
    folder = paths.REPORT.folder if kind == paths.REPORT.suffix else paths.LINEAGE.folder
    return Path(entry["lineage"]).parents[1] / folder / f"{entry['list_key']}{kind}"


def metadata_of(fbcheck: Fbcheck, asset: str, key: str | None = None) -> Any:
    """Dagster's metadata of the last materialization."""
    with dg.DagsterInstance.from_config(str(fbcheck.data / "dagster")) as instance:
        records = instance.fetch_materializations(
            dg.AssetRecordsFilter(asset_key=dg.AssetKey(asset), asset_partitions=[key] if key else None), limit=1
        ).records
        return records[0].asset_materialization.metadata, records[0].partition_key


def failed_checks(fbcheck: Fbcheck, key: str) -> dict[str, Any]:
    """Checks of the join's last run that did not pass, by name."""
    with dg.DagsterInstance.from_config(str(fbcheck.data / "dagster")) as instance:
        run = next(run for run in instance.get_runs() if run.job_name == "join_list" and run.tags["dagster/partition"] == key)
        events = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
        found = [event.dagster_event.asset_check_evaluation_data for event in events if event.dagster_event]
        return {each.check_name: each for each in found if not each.passed}


@contextmanager
def collector() -> Iterator[tuple[str, list[Any]]]:
    """An OpenLineage receiver on loopback: its URL and the events it got."""
    events: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            events.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(201)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Silence."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", events
        server.shutdown()


def test_three_lineages_agree(reader: Fbcheck, joined: dict[str, Any]) -> None:
    """Ours, OpenLineage's event and Dagster's column lineage name the same columns, sources, schema and rows."""
    key = joined["list_key"]
    ours = json.loads(Path(joined["lineage"]).read_text())
    start, event = json.loads(beside(joined, ".openlineage.json").read_text())
    dagster, _ = metadata_of(reader, "facebook_results", key)
    (output,) = event["outputs"]
    assert (output["namespace"], output["name"]) == ("file", str(Path(joined["results"]).with_name("list")))
    assert output["outputFacets"]["subset"]["outputCondition"]["locations"] == [joined["results"]]

    def asset_of(name: str) -> str:
        return Path(name).name if name.endswith("verdicts") else Path(name).parent.name

    fields = {
        (each["namespace"], each["name"], field["name"])
        for each in event["inputs"]
        for field in each["facets"]["schema"]["fields"]
    }
    edges = [
        (field["namespace"], field["name"], field["field"])
        for made in output["facets"]["columnLineage"]["fields"].values()
        for field in made["inputFields"]
    ]
    assert edges and set(edges) <= fields, "a consumer draws an edge from a field that an input has"
    assert set(output["facets"]["columnLineage"]["fields"]) <= {each["name"] for each in output["facets"]["schema"]["fields"]}
    assert (start["eventType"], event["eventType"], start["run"], start["inputs"]) == (
        "START",
        "COMPLETE",
        event["run"],
        event["inputs"],
    )
    assert start["eventTime"] <= event["eventTime"]

    theirs = {
        column: [f"{asset_of(field['name'])}.{field['field']}" for field in fields["inputFields"]]
        for column, fields in output["facets"]["columnLineage"]["fields"].items()
    }
    drawn = {
        column: [f"{dep.asset_key.path[-1]}.{dep.column_name}" for dep in deps]
        for column, deps in dagster["dagster/column_lineage"].value.deps_by_column.items()
    }
    assert ours["columns"] == theirs == drawn
    names = pq.read_schema(joined["results"]).names
    assert [field["name"] for field in output["facets"]["schema"]["fields"]] == names == list(ours["columns"])
    described = {column.name: column.description for column in dagster["dagster/column_schema"].value.columns}
    assert list(described) == names and all(described[name] for name in names if name in RESULT_COLUMNS)
    rows = {output["outputFacets"]["outputStatistics"]["rowCount"], ours["counts"]["phones"], dagster["dagster/row_count"].value}
    assert rows == {5} == {pq.read_metadata(joined["results"]).num_rows}
    parent = event["run"]["facets"]["parent"]
    assert (parent["run"]["runId"], parent["job"]["name"]) == (ours["run_id"], "join_list") and event["eventTime"] == ours[
        "created_at"
    ]
    assert event["run"]["runId"] != ours["run_id"]
    told = {field["name"]: field.get("description") for field in output["facets"]["schema"]["fields"]}
    assert {name: told[name] for name in RESULT_COLUMNS} == {name: column.meaning for name, column in RESULT_COLUMNS.items()}
    inputs = {asset_of(each["name"]): each for each in event["inputs"]}
    assert set(inputs) == {"taken", "raw_phones", "e164_phones", "submitted_chunks", "verdicts"}
    source = inputs["taken"]
    assert source["name"].endswith("/taken/list"), "all lists of a source are one data set"
    assert source["facets"]["version"]["datasetVersion"] == ours["source"]["sha256"]
    assert source["inputFacets"]["inputStatistics"]["rowCount"] == ours["source"]["rows"] == 5
    files = [
        place
        for each in inputs.values()
        for place in each["inputFacets"].get("subset", {}).get("inputCondition", {}).get("locations", ())
    ]
    assert len(files) == 4 and all(Path(place).exists() for place in files)


def test_the_event_is_sent_only_where_openlineage_is_told_to(fbcheck: Fbcheck, tmp_path: Path) -> None:
    """By OpenLineage's own variables; an unreachable receiver changes nothing."""
    path = str(write_list(tmp_path / "a.csv", [swiss(1)]))
    with collector() as (url, events):
        fbcheck.environment["OPENLINEAGE_URL"] = url
        code, document, err = fbcheck("run", path, "--json")
        assert code == 0, err
    entry = document["lists"][0]
    _, event = events
    _, kept = json.loads(beside(entry, ".openlineage.json").read_text())
    assert all(event[name] == kept[name] for name in ("eventTime", "inputs", "job", "outputs"))
    assert "very-secret-key" not in json.dumps(event) and swiss(1) not in json.dumps(event)
    del fbcheck.environment["OPENLINEAGE_URL"]
    transport = {"TYPE": "http", "URL": url, "RETRY": '{"total": 0}'}
    fbcheck.environment |= {f"OPENLINEAGE__TRANSPORT__{name}": value for name, value in transport.items()}
    code, document, err = fbcheck("run", str(write_list(tmp_path / "b.csv", [swiss(2)])), "--json")
    assert (code, document["lists"][0]["complete"]) == (0, True), err


def test_the_report_and_the_lineage_hold_no_number_and_no_cell(fbcheck: Fbcheck, tmp_path: Path) -> None:
    """They are sent around; the result itself is not."""
    path = tmp_path / "people.csv"
    numbers = [swiss(1_234_000 + number) for number in range(20)]
    path.write_text(
        "name,phone\n" + "".join(f"Zacharias-{place},{number}\n" for place, number in enumerate(numbers)) + "x,0123junk\n"
    )
    code, document, err = fbcheck("run", str(path), "--json")
    assert code == 0, err
    entry = document["lists"][0]
    for kind in (".report.html", ".lineage.json", ".openlineage.json"):
        said = beside(entry, kind).read_text()
        assert not re.search(r"78123\d{4}", said) and "Zacharias" not in said and "0123junk" not in said, kind
        assert stat.S_IMODE(beside(entry, kind).stat().st_mode) == 0o600
    html = beside(entry, ".report.html").read_text()
    assert "people.csv" in html and "Switzerland" in html and "Invented data" not in html


def test_odd_rows_of_a_result_are_counted_in_lineage_metadata_and_report(
    fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path
) -> None:
    """Missing, foreign, contradicting, oddly labelled: nothing is guessed, everything is said."""
    vendor.shape = ResultShape(missing=2, extra=(swiss(999),), conflicts=1, labels={"ban": "banned?"})
    vendor.status_hook = lambda task: {
        "status": "exported",
        "success": 9,
        "result_url": f"{vendor.url}/results/{task.task_id}.xlsx?X-Signature=1",
    }
    path = str(write_list(tmp_path / "a.csv", [swiss(number) for number in range(1, 11)]))
    code, document, err = fbcheck("run", path, "--json")
    assert code == 3, err
    entry = document["lists"][0]
    lineage = json.loads(Path(entry["lineage"]).read_text())
    counts = lineage["verdict_counts"]
    assert (counts["tasks"], counts["missing"], counts["extra"], counts["conflicting"]) == (1, 2, 1, 1)
    assert counts["undetermined"] == entry["counts"]["undetermined"] == 2 + 1 + counts["unknown_labels"] == 4
    (found,) = lineage["discrepancies"]
    assert (found["count"], found["vendor"], found["ours"]) == ("success", 9, 8)
    metadata, _ = metadata_of(fbcheck, "facebook_results", entry["list_key"])
    assert metadata["fbcheck/verdict_counts"].value == counts and metadata["fbcheck/discrepancies"].value == 1
    assert metadata_of(fbcheck, "verdicts")[0]["fbcheck/verdict_counts"].value == counts
    warned = failed_checks(fbcheck, entry["list_key"])
    assert set(warned) == {"vendor_counts_agree", "coverage_is_good"}
    assert warned["vendor_counts_agree"].severity == dg.AssetCheckSeverity.WARN
    html = beside(entry, ".report.html").read_text()
    assert "phones with contradicting verdicts" in html and "does not fit" in html and "Not complete" in html


def test_a_row_group_without_a_country_or_verdict_can_be_left_out(joined: dict[str, Any]) -> None:
    """Statistics stand in the file for every column that people filter by."""
    group = pq.read_metadata(joined["results"]).row_group(0)
    kept = {group.column(place).path_in_schema: group.column(place).statistics for place in range(group.num_columns)}
    for name in ("country", "facebook", "check_status", "source_row", "phone_e164"):
        assert kept[name] is not None and kept[name].has_min_max, name
    assert (kept["country"].min, kept["country"].max) == ("CH", "CH")
    fragment = next(iter(dataset.dataset(joined["results"]).get_fragments()))
    assert not fragment.split_by_row_group(dataset.field("source_row") == 6)


def test_the_summary_is_one_row_per_list_after_each_join(fbcheck: Fbcheck, tmp_path: Path) -> None:
    """One query across lists, and an asset of its own without partition."""
    code, first, err = fbcheck(
        "run", str(write_list(tmp_path / "a.csv", [swiss(1), swiss(2), swiss(3), "junk"])), "--json", PURPOSE="test"
    )
    assert code == 0, err
    code, second, err = fbcheck("run", str(write_list(tmp_path / "b.csv", [swiss(3), swiss(4)])), "--json")
    assert code == 0, err
    rows = pq.read_table(fbcheck.data / "facebook_summary" / "summary.parquet").to_pylist()
    assert [row["list_key"] for row in rows] == [each["lists"][0]["list_key"] for each in (first, second)]
    assert (rows[0]["phones"], rows[0]["billed_phones"], rows[0]["coverage"], rows[0]["purpose"]) == (4, 3, 1.0, "test")
    assert (rows[1]["checked"], rows[1]["reused"], rows[1]["billed_phones"]) == (1, 1, 1)
    for row in rows:
        assert row["yes"] + row["no"] + row["ban"] == row["checked"] + row["reused"]
    index = fbcheck.data / "reports" / "index.html"
    for row in rows:
        assert (
            f'<a href="{row["list_key"]}.report.html">' in index.read_text()
            and index.with_name(f"{row['list_key']}.report.html").exists()
        )
    metadata, partition = metadata_of(fbcheck, "facebook_summary")
    assert partition is None and metadata["dagster/row_count"].value == 2
    assert fbcheck("purge", "--older-than", "0", "--json")[1]["list_keys"]
    assert pq.read_table(fbcheck.data / "facebook_summary" / "summary.parquet").num_rows == 0
    assert "No list is joined yet" in index.read_text() and rows[0]["list_key"] not in index.read_text()


def test_money_saved_is_told(joined: dict[str, Any]) -> None:
    """Four valid entries, three different phones: one answer was not bought."""
    billing = json.loads(Path(joined["lineage"]).read_text())["billing"]
    assert billing == {"distinct": 3, "billed": 3, "perhaps_billed": 0, "reused": 0, "repeats": 1, "cost": 0.9, "saved": 0.3}


def test_a_list_is_exported_for_a_spreadsheet(reader: Fbcheck, joined: dict[str, Any], tmp_path: Path) -> None:
    """Whole, for its owner only, phones as text, the verdict first; what stood there is replaced only if that is asked for."""
    target = tmp_path / "out.xlsx"
    target.write_text("old")
    code, _, err = reader("export", "list.csv", "--to", str(target))
    assert code == 2 and "--force" in err and target.read_text() == "old", err
    code, document, err = reader("export", "list.csv", "--to", str(target), "--force", "--json")
    assert (code, document["rows"], document["file"]) == (0, 5, str(target)), err
    assert stat.S_IMODE(target.stat().st_mode) == 0o600 and not list(tmp_path.glob(".out*"))
    book = openpyxl.load_workbook(target)
    head, *rows = book.active.iter_rows(values_only=True)
    assert head[0] == "facebook" and sorted(head) == sorted(pq.read_schema(joined["results"]).names)
    assert ("list", joined["list_key"]) in list(book["about"].iter_rows(values_only=True))
    cells = [dict(zip(head, row, strict=True)) for row in rows]
    assert [cell["phone"] for cell in cells] == [swiss(1), swiss(2), swiss(3), swiss(1), "junk"]
    assert [cell["facebook"] for cell in cells] == [*(verdict(swiss(n)) for n in (1, 2, 3, 1)), None]
    code, _, err = reader("export", joined["list_key"], "--to", str(tmp_path / "out.CSV"), "--for", "Ada")
    assert code == 0, err
    content = (tmp_path / "out.CSV").read_bytes()
    rows_of_csv = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert content.startswith(b"\xef\xbb\xbf") and b"4178" not in content and len(rows_of_csv) == 5
    assert rows_of_csv[0]["phone_e164"] == rows_of_csv[3]["phone_e164"] == rows_of_csv[3]["phone"] != rows_of_csv[1]["phone_e164"]
    wide = tmp_path / "wide.parquet"
    assert reader("export", joined["list_key"], "--to", str(wide), "--one-row-per-source-row")[0] == 0
    table = pq.read_table(wide)
    assert table.column_names[:3] == ["facebook", "phone_e164_1", "facebook_1"] and table["phone_e164_1"][0].as_py() == swiss(1)


@pytest.mark.parametrize(
    ("key", "to", "words"),
    [
        (None, "out.pdf", [".xlsx or .csv"]),
        (None, "nowhere/out.csv", ["nowhere", "no folder"]),
        (None, "folder.csv", ["is a folder"]),
        ("unknown-00000000", "out.csv", ["unknown-00000000", "fbcheck status"]),
    ],
)
def test_an_export_that_cannot_be_says_why(
    reader: Fbcheck, joined: dict[str, Any], tmp_path: Path, key: str | None, to: str, words: list[str]
) -> None:
    """Exit 2, one line, nothing written."""
    (tmp_path / "folder.csv").mkdir()
    code, _, err = reader("export", key or joined["list_key"], "--to", str(tmp_path / to))
    assert code == 2 and err.count("\n") == 1 and all(word in err for word in words), err
    assert not (tmp_path / "out.csv").exists()


def test_lineage_explains_a_list_and_a_row(reader: Fbcheck, joined: dict[str, Any]) -> None:
    """From the cell to the vendor's file; every place named there is there."""
    key = joined["list_key"]
    code, document, err = reader("lineage", key, "--json")
    assert code == 0 and document == json.loads(Path(joined["lineage"]).read_text()), err
    assert reader("lineage", key)[0] == 0 and "list.csv" in reader.out and document["tasks"][0]["task_id"] in reader.out
    code, row, err = reader("lineage", key, "--row", "4", "--json")
    assert code == 0, err
    (phone,) = row["phones"]
    assert row["cells"] == {"id": "4", "phone": swiss(1)}
    assert (phone["phone_e164"], phone["facebook"], phone["check_status"]) == (swiss(1), verdict(swiss(1)), "checked")
    assert phone["answered_by"] == "chunk" and phone["chunk"]["task_id"] == document["tasks"][0]["task_id"]
    assert phone["result"]["label"] == verdict(swiss(1)) and phone["result"]["sha256"] == document["tasks"][0]["result_sha256"]
    assert Path(phone["result"]["file"]).exists()
    assert phone["rules"] == ["A valid number: CH, mobile."]
    (rejected,) = reader("lineage", key, "--row", "5", "--json")[1]["phones"]
    assert rejected["reject_reason"] == "not_a_number" and rejected["chunk"] is None and "not_a_number" in rejected["rules"][-1]
    code, _, err = reader("lineage", key, "--row", "6")
    assert code == 2 and "1 to 5" in err


def test_a_report_is_found_by_the_list_s_file(reader: Fbcheck, joined: dict[str, Any]) -> None:
    """On standard output, so that a shell can open it."""
    assert reader("report", "list.csv")[0] == 0 and Path(reader.out.strip()) == beside(joined, ".report.html")
    code, _, err = reader("report", "nobody")
    assert code == 2 and "there is no list nobody" in err


def test_any_table_is_normalised_without_vendor_key_and_ledger(fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path) -> None:
    """So that a CRM can be joined by phone: its own columns, typed as they were, and ours."""
    table = pa.table(
        {"id": [1, 2, 3], "Country": ["CH", "CH", "CH"], "tel": ["078 000 00 01", "junk", "078 000 00 02 / 078 000 00 03"]}
    )
    pq.write_table(table, tmp_path / "crm.parquet")
    to = tmp_path / "out.parquet"
    fbcheck.environment.pop("FBCHECK_API_KEY")
    code, document, err = fbcheck("normalise", str(tmp_path / "crm.parquet"), "--region", "CH", "--to", str(to), "--json")
    assert (code, document["rows"], document["phones"], document["valid"]) == (0, 3, 4, 3), err
    found = pq.read_table(to)
    assert found.column_names[:3] == ["id", "Country_source", "tel"] and found.schema.field("id").type == pa.int64()
    assert [row["phone_e164"] for row in found.to_pylist()] == [swiss(1), None, swiss(2), swiss(3)]
    assert document["reject_reasons"] == {"not_a_number": 1} and stat.S_IMODE(to.stat().st_mode) == 0o600
    assert not fbcheck.data.exists() and not vendor.paths
    code, _, err = fbcheck("normalise", str(tmp_path / "crm.parquet"), "--to", str(to))
    assert code == 2 and "--force" in err
    assert fbcheck("normalise", str(tmp_path / "crm.parquet"), "--column", "tel", "--force", "--to", str(to))[0] == 0
    assert "1 valid" not in fbcheck.out and "rejected in column 'tel'" in fbcheck.out
    theirs = {"x": ["078 000 00 01"], "phone_e164": [swiss(9)]}
    pq.write_table(pa.table(theirs), tmp_path / "own.parquet")
    for options, read, kept in (((), swiss(9), "phone_e164"), (("--column", "x"), swiss(1), "x")):
        own = ("normalise", str(tmp_path / "own.parquet"), "--region", "CH", "--force", "--to", str(to), *options)
        assert fbcheck(*own)[0] == 0
        assert f"phones in {kept}; its own phone_e164 is called phone_e164_source;" in fbcheck.out
        (row,) = pq.read_table(to, columns=["x", "phone_e164_source", "phone_column", "phone_e164"]).to_pylist()
        assert row == {"x": "078 000 00 01", "phone_e164_source": swiss(9), "phone_column": kept, "phone_e164": read}
