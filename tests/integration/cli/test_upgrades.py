"""An update of phonenumbers: what was read before stays, and who opted out stays out."""

import json
from pathlib import Path

import pyarrow.parquet as pq

from tests.fake_vendor import FakeVendor
from tests.integration.cli.fbcheck import Fbcheck, swiss, write_list

AS_IT_WAS = """
import phonenumbers
from phonenumbers.phonemetadata import PhoneMetadata, PhoneNumberDesc
phonenumbers.__version__ = "8.12.0"  # what is kept of its metadata is not that of ours
PhoneMetadata.metadata_for_region("CI")  # else it is loaded beside the other
eight = PhoneNumberDesc(national_number_pattern=r"[02-8]\\d{7}", possible_length=(8,))
PhoneMetadata._region_metadata["CI"] = PhoneMetadata(
    id="CI", country_code=225, international_prefix="00", general_desc=eight, mobile=eight, register=False
)
from fbcheck_pipeline.phones import reading_version as read_by
read_by.version = lambda package: "8.12.0"
"""
"""A program from before 2021, when the numbers of Ivory Coast had eight digits."""


def test_an_opt_out_from_before_a_renumbering_holds_after_it(fbcheck: Fbcheck, tmp_path: Path) -> None:
    """Only a keyed hash of the former number is kept; the country's new metadata came with an update of phonenumbers."""
    fbcheck.prelude = AS_IT_WAS
    out, now = write_list(tmp_path / "out.csv", ["+225 07 12 34 56", "+225 05 12 34 56"]), "+225 07 07 12 34 56"
    assert fbcheck("suppress", str(out), "--json")[1]["new"] == 2
    fbcheck.prelude = ""
    numbers = [now, "+225 05 05 12 34 56", "+225 07 07 12 34 57", "+225 07 07 12 34 58"]
    code, document, _ = fbcheck("suppress", str(write_list(out, ["+225 07 12 34 56", numbers[2]])), "--json")
    assert (code, document["new"], document["unread_rows"]) == (2, 1, [1]), "the former form is no number any more"
    counts = fbcheck("run", str(write_list(tmp_path / "a.csv", numbers)), "--dry-run", "--json")[1]["lists"][0]["counts"]
    assert (counts["suppressed"], counts["waiting"]) == (3, 1)
    assert fbcheck("suppress", "--undo", str(write_list(out, numbers[:1])), "--json")[1]["taken_back"] == 1
    assert [fbcheck("person", each, "--json")[1]["suppressed"] for each in numbers[:3]] == [False, True, True]


def test_what_was_joined_stays_and_doctor_says_what_would_be_read_otherwise(
    fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path
) -> None:
    """Neither another run nor a join of what was read before has a phone lose its verdict; nothing is bought again."""
    file = str(write_list(tmp_path / "a.csv", ["+225 07 12 34 56", swiss(1), swiss(9)]))
    fbcheck.prelude = AS_IT_WAS
    code, document, err = fbcheck("run", file, "--json")
    before = document["lists"][0]
    assert code == 0 and before["counts"]["checked"] == 3, err
    fbcheck.prelude = ""
    result, lineage = Path(before["results"]), Path(before["lineage"])
    content = result.read_bytes()
    code, document, err = fbcheck("run", file, "--json")
    assert (code, document["lists"][0]["counts"], result.read_bytes()) == (0, before["counts"], content), err
    assert fbcheck("erase", swiss(9))[0] == 0 and result.read_bytes() != content, "it is joined anew"
    table = pq.read_table(result)
    assert table["phone_e164"].to_pylist() == ["+22507123456", swiss(1)] and table["facebook"].null_count == 0
    assert json.loads(lineage.read_text())["versions"]["phonenumbers"] == "8.12.0" and vendor.most_per_phone == 1
    (found,) = [each for each in fbcheck("doctor", "--json")[1]["findings"] if each["what"] == "reading"]
    assert found["said"].startswith(f"1 of the first 2 rows of list {before['list_key']} would be read otherwise")
