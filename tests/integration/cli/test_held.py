"""`fbcheck run` of a list nearly all of which is rejected: nothing is billed before the person was told what was read and what to try."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from fbcheck_pipeline.settings import Settings
from fbcheck_pipeline.workflow.arrival.snapshots import SnapshotRules, take_snapshot
from fbcheck_pipeline.workflow.workspace import open_workspace
from tests.fake_vendor import FakeVendor
from tests.integration.cli.fbcheck import Fbcheck, swiss, write_list

NATIONAL = [f"078 000 {number // 100:02d} {number % 100:02d}" for number in range(1, 39)]


def test_the_remedy_that_a_held_list_is_told_works(fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path) -> None:
    """Without a region 38 of 40 numbers are rejected; run again with one, the list is read anew and all are bought, once.

    The list is named by its key: a file of the inbox lies in `taken/`, and a person's own is in another folder or gone.
    """
    path = write_list(tmp_path / "a.csv", [*NATIONAL, swiss(991), swiss(992)])
    code, document, err = fbcheck("run", str(path), "--dry-run", "--json")
    (found,) = document["lists"]
    assert (code, document["would_bill"], found["would_bill"]) == (0, 0, 0) and "a.csv would be held" in err
    assert f"fbcheck run {path} --yes" in err.replace("\n", " ")
    code, document, err = fbcheck("run", str(path), "--json")
    (found,) = document["lists"]
    assert (code, found["complete"], document["billed_phones"]) == (3, False, 0) and not vendor.posts
    assert (found["counts"]["waiting"], found["counts"]["rejected"], found["reject_reasons"]) == (2, 38, {"no_region": 38})
    assert "38 of 40 cells that are not empty" in found["held"] and "--region TR" in found["held"] and "held" in err
    assert found["rejects"][0]["examples"] == ["### ### ## ##"]
    key = found["list_key"]
    row = fbcheck("lineage", key, "--row", "1", "--json")[1]
    assert row["phones"][0]["rejected_alike"] == 38 and row["read_so"] == found["read_so"]
    fbcheck("lineage", key)
    said = fbcheck.out
    assert "### ### ## ##" in said and "what may help" in said and "held, nothing of it is billed" in said
    status = fbcheck("status", "--json")[1]
    assert status["lists"][0]["state"] == "held" and f"`fbcheck run {key} --yes`" in status["lists"][0]["action"]
    path.unlink()
    code, document, _ = fbcheck("run", key, "--region", "CH", "--dry-run", "--json")
    assert (code, document["would_bill"], document["lists"][0]["held"]) == (0, 40, None)
    code, document, _ = fbcheck("run", key, "--region", "CH", "--json")
    (found,) = document["lists"]
    assert (code, found["counts"]["checked"], found["held"], document["billed_phones"]) == (0, 40, None, 40)
    assert any("read as CH's" in sentence for sentence in found["read_so"]) and vendor.most_per_phone == 1
    assert fbcheck("run", key, "--region", "TR")[0] == 2 and fbcheck("run", key[:-1])[0] == 2


def test_a_held_list_goes_on_with_yes_and_good_lists_never_wait_for_it(
    fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path
) -> None:
    """The consent stays with the list: a later run needs no `--yes`. Empty cells of a second column are no rejects."""
    junk = write_list(tmp_path / "junk.csv", [*["12"] * 18, swiss(1), swiss(2)])
    good = tmp_path / "good.csv"
    good.write_text("phone,phone 2\n" + "".join(f"{swiss(number)},\n" for number in range(11, 23)))
    code, document, err = fbcheck("run", str(junk), str(good), "--json", "--quiet")
    held, complete = document["lists"]
    assert (code, held["complete"], complete["complete"], document["billed_phones"]) == (3, False, True, 12)
    assert "held, nothing of it is billed" in err, "also to one who wants quiet"
    result = pq.read_table(held["results"])
    assert result["check_status"].to_pylist() == ["rejected"] * 18 + ["waiting"] * 2
    code, document, _ = fbcheck("run", str(junk), "--yes", "--no-wait", "--json")
    assert (code, document["billed_phones"], document["lists"][0]["held"]) == (3, 2, None)
    code, document, _ = fbcheck("run", str(junk), "--json")
    assert (code, document["lists"][0]["complete"], document["billed_phones"]) == (0, True, 0)
    assert vendor.most_per_phone == 1


def test_a_list_of_a_source_is_run_by_its_key_as_its_source_reads_it(fbcheck: Fbcheck, vendor: FakeVendor) -> None:
    """Its key is its content's, not its file's: it was brought in as another list, and a held one could not be confirmed."""
    ws = open_workspace(Settings(data_uri=str(fbcheck.data), api_url=vendor.url))
    table = pa.record_batch({"mobil": [*NATIONAL, "12"], "phone": ["x"] * 39})
    key = take_snapshot(ws, SnapshotRules("crm", phone_columns=["mobil"], region="TR"), [table]).list_key
    ws.ledger.close()
    assert key is not None
    code, document, _ = fbcheck("run", key, "--json", REGION="DE")
    (found,) = document["lists"]
    assert (code, found["list_key"], found["counts"]["rejected"]) == (
        3,
        key,
        39,
    ) and f"`fbcheck run {key} --region TR --yes`" in found["held"]
    code, document, _ = fbcheck("run", key, "--region", "CH", "--dry-run", "--json")
    assert (code, document["would_bill"]) == (0, 38)
    code, document, _ = fbcheck("run", key, "--region", "CH", "--json")
    (found,) = document["lists"]
    assert (code, found["list_key"], found["counts"]["checked"], document["billed_phones"]) == (0, key, 38, 38)
    assert [each["list_key"] for each in fbcheck("status", "--all", "--json")[1]["lists"]] == [key]
    assert fbcheck("run", key, REGION="DE")[0] == 0, "what the settings say is asked of no list of a source that says it itself"


def test_a_held_file_that_is_read_anew_tells_how(fbcheck: Fbcheck, tmp_path: Path) -> None:
    """The run before told how it was read then, which is true no more."""
    path = str(write_list(tmp_path / "a.csv", NATIONAL))
    fbcheck("run", path, "--json")
    (found,) = fbcheck("run", path, "--region", "CH", "--json")[1]["lists"]
    assert any("read as CH's" in sentence for sentence in found["read_so"])
