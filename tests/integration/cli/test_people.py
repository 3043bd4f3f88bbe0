"""Numbers are people's: where they may stand, how they are kept out, how they are deleted."""

import io
import json
import stat
import zipfile
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq

from fbcheck_pipeline.model import paths
from tests.fake_vendor import FakeVendor
from tests.integration.cli.fbcheck import KEY, Fbcheck, swiss, write_list

DATA_FOLDERS = {each.folder for each in paths.FILES if each.has_people and "/" in each.path}


def test_no_number_and_no_key_stands_outside_the_data_folders(fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path) -> None:
    """The whole pipeline, every library's log at its finest, with a lost answer, a bad result, a retry, opt-outs and lists
    that are broken where a phone stands; then every byte is searched."""
    fbcheck.prelude = "import logging\nlogging.basicConfig(level=1)"
    vendor.script.append("accept_then_cut")
    vendor.downloads.append("html")
    numbers = [swiss(7_000_000 + n) for n in range(300)]
    path = str(write_list(tmp_path / "a.csv", numbers))
    strict = {"CHUNK_SIZE": "100", "LOG_LEVEL": "DEBUG", "REQUIRE_PURPOSE": "true"}
    opted_out, local = (str(write_list(tmp_path / name, cells)) for name, cells in [
        ("out.csv", [*numbers[:5], "junk"]), ("local.csv", ["0" + number[3:] for number in numbers[:9]])])  # fmt: skip
    (tmp_path / "broken.xlsx").write_bytes(workbook_with_a_number_that_is_none(numbers[0]))
    said = [
        fbcheck("suppress", opted_out, "--json", **strict),
        fbcheck("run", path, "--json", **strict),
        *(fbcheck("run", path, local, "--json", "--purpose", "test", **strict) for _ in range(2)),
        fbcheck("--debug", "run", str(tmp_path / "broken.xlsx"), path, "--json", "--retry", "--purpose", "test", **strict),
        fbcheck("--debug", "status", "--json", **strict),
        fbcheck("run", str(tmp_path / "nowhere.csv"), "--json", **strict),
        fbcheck("doctor", "--json", **strict),
        fbcheck("purge", "--older-than", "0", "--dry-run", "--json", **strict),
    ]
    assert [code for code, _, _ in said] == [2, 2, 3, 3, 2, 0, 2, 0, 0]
    spoken = "".join(json.dumps(document) + err for _, document, err in said).encode()
    assert b"DEBUG:" in spoken and b"INFO chunk submitted" in spoken  # else nothing was said that could be searched
    places = {
        file: file.read_bytes()
        for file in fbcheck.data.rglob("*")
        if file.is_file() and (file.relative_to(fbcheck.data).parts[0] not in DATA_FOLDERS or file.suffix in (".json", ".html"))
    }
    assert any("dagster" in file.parts for file in places)
    for file, content in [(Path("the output"), spoken), *places.items()]:
        found = [number for number in numbers if number[3:].encode() in content]
        assert not found, f"{len(found)} numbers stand in {file}"
        assert KEY.encode() not in content, f"the key stands in {file}"


def workbook_with_a_number_that_is_none(number: str) -> bytes:
    """A cell that calls itself a number and is text: what reads it quotes it in its complaint."""
    book = openpyxl.Workbook()
    for row in (["phone"], [int(number)], ["=A1"]):
        book.active.append(row)
    whole, broken = io.BytesIO(), io.BytesIO()
    book.save(whole)
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(broken, "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).replace(f"<v>{number[1:]}<".encode(), f"<v>{number[1:]}x<".encode()))
    return broken.getvalue()


def test_files_with_personal_data_are_their_owners_only(fbcheck: Fbcheck, tmp_path: Path) -> None:
    """Nobody else on the machine reads them."""
    assert fbcheck("run", str(write_list(tmp_path / "a.csv", [swiss(1)])), "--json")[0] == 0
    for folder in DATA_FOLDERS - {"verdict_index", "new_volumes", "inbox"}:
        files = list((fbcheck.data / folder).iterdir())
        assert files and all(stat.S_IMODE(file.stat().st_mode) & 0o077 == 0 for file in files), folder
    assert stat.S_IMODE((fbcheck.data / "ledger.db").stat().st_mode) & 0o077 == 0


def test_a_suppressed_phone_is_never_submitted(fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path) -> None:
    """Opt-outs, in whatever form they come; a row that cannot be read is named, and stops no other. An erasure and its file are one."""
    out = tmp_path / "out.csv"
    out.write_text("phone,phone 2\n078 000 00 02,\njunk,\n,\n\nn/a,078 000 00 04\njunk,078 000 00 05\n")
    code, document, err = fbcheck("suppress", str(out), "--region", "CH", "--json")
    unread = {"rejected_rows": 3, "unread_rows": [2, 3, 5]}
    assert (code, document) == (2, {"phones": 3, "new": 3, **unread}), err
    assert "error: out.csv: 3 rows (2, 3, 5) without a phone number: their opt-outs are as before" in err
    code, document, _ = fbcheck("suppress", "--undo", str(write_list(out, [swiss(5)])), "--json")
    assert (code, document) == (0, {"phones": 1, "taken_back": 1, "rejected_rows": 0, "unread_rows": []})
    code, _, err = fbcheck("erase", "--file", str(write_list(out, [swiss(1), "junk"])))
    assert code == 2 and "out.csv: 1 row (2) without a phone number; nothing is erased" in err
    code, _, err = fbcheck("suppress", str(write_list(tmp_path / "national.csv", ["078 000 00 03"])))
    assert code == 2 and "no row holds a phone number" in err, "an opt-out without its region would not be kept"
    estimate = fbcheck("run", str(write_list(tmp_path / "a.csv", [swiss(1), swiss(2)])), "--dry-run", "--json")[1]["lists"][0]
    assert (estimate["would_bill"], estimate["counts"]["suppressed"], estimate["counts"]["reused"]) == (1, 1, 0)
    code, document, _ = fbcheck("run", str(write_list(tmp_path / "a.csv", [swiss(1), swiss(2)])), "--json")
    counts = document["lists"][0]["counts"]
    assert (code, counts["suppressed"], counts["checked"]) == (0, 1, 1)
    assert set(vendor.accepted) == {swiss(1)}


def test_a_purge_deletes_everything_everywhere_and_keeps_what_others_need(
    fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path
) -> None:
    """The purged list dropped again is a new one; suppressions survive; an open list is skipped."""
    write_list(tmp_path / "out.csv", [swiss(9)])
    fbcheck("suppress", str(tmp_path / "out.csv"))
    path = str(write_list(tmp_path / "a.csv", [swiss(1), swiss(9)]))
    assert fbcheck("run", path, "--json")[0] == 0
    assert fbcheck("purge", "--older-than", "1", "--json")[1]["list_keys"] == []
    code, document, err = fbcheck("purge", "--older-than", "0", "--dry-run", "--json")
    assert code == 0 and len(document["list_keys"]) == 1 and (fbcheck.data / "chunks").iterdir(), err
    code, document, err = fbcheck("purge", "--older-than", "0", "--json")
    assert (code, document["chunks"], document["phones"]) == (0, 1, 1), err
    left = [
        file for file in fbcheck.data.rglob("*") if file.is_file() and file.relative_to(fbcheck.data).parts[0] in DATA_FOLDERS
    ]
    assert not [
        file for file in left if file.suffix != ".parquet" or pq.read_metadata(file).num_rows
    ]  # tables without a row may stay
    assert not (fbcheck.data / "ledger.db-wal").exists() or (fbcheck.data / "ledger.db-wal").stat().st_size == 0
    assert not any(fbcheck("status", "--json")[1].values())
    code, document, err = fbcheck("run", path, "--json")
    counts = document["lists"][0]["counts"]
    assert (code, counts["checked"], counts["suppressed"]) == (0, 1, 1), err
    assert vendor.accepted[swiss(1)] == 2


def test_a_person_is_shown_and_erased_and_no_number_is_repeated(fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path) -> None:
    """Two lists, one of nobody else: it goes with its partition. Who is in no list, or no number, is one sentence. A rejected cell that
    holds the number is one cell, though the phone's text repeats it."""
    numbers = [swiss(7_000_000 + n) for n in range(4)]
    rejected = f"{numbers[0]}99999"
    cells_of = {"a.csv": [*numbers, rejected], "alone.csv": numbers[:1]}
    lists = [str(write_list(tmp_path / name, cells)) for name, cells in cells_of.items()]
    assert fbcheck("run", *lists, "--json")[0] == 0
    code, held, _ = fbcheck("person", numbers[0], "--json")
    assert (code, [each["rows"] for each in held["lists"]], len(held["verdicts"]), held["suppressed"]) == (0, [1, 1], 1, False)
    assert [each["cells"] for each in held["lists"]] == [1, 0]
    assert [held["chunks"][0]["submitted_at"][-1], held["verdicts"][0]["checked_at"][-1]] == ["Z", "Z"], "one way to write a time"
    assert numbers[0][3:] not in json.dumps(held) and held["phone"].endswith(numbers[0][-2:])
    foretold = fbcheck("erase", numbers[0], "--dry-run", "--json")[1]
    code, done, err = fbcheck("erase", numbers[0], "--json")
    assert code == 0 and numbers[0][3:] not in fbcheck.out + err and done["not_searched"].startswith("exports, backups")
    assert {**done, "dry_run": True, "purged": []} == foretold and (done["rows"], len(done["purged"])) == (2, 1)
    assert [each["list_key"] for each in fbcheck("status", "--all", "--json")[1]["lists"]] == [held["lists"][0]["list_key"]]
    assert (
        fbcheck("person", numbers[0])[0] == 0
        and "nothing is held about +4178" in fbcheck.out
        and "it is suppressed" in fbcheck.out
    )
    code, _, err = fbcheck("erase", "07812345678901234")
    assert code == 2 and "is no phone number" in err and "345678" not in err
    posts = len(vendor.posts)
    assert fbcheck("run", lists[0], "--json")[0] == 0 and len(vendor.posts) == posts


def test_half_a_number_erases_nothing_of_strangers(fbcheck: Fbcheck, tmp_path: Path) -> None:
    """Seen: `erase 0171 3920027` without quotes erased two others, who were suppressed, and a cell of a third. A number that a list has
    goes although it exists no more."""
    path = str(write_list(tmp_path / "a.csv", ["+49 171 3920027", "0171 3920055"]))
    german = ("--region", "DE")
    assert fbcheck("run", path, "--json", *german)[0] == 0
    code, _, err = fbcheck("erase", "0171", "3920027", *german)
    assert (
        code == 2
        and "error: 017••• is no phone number that exists, and no list has it; put a number with blanks into quotes" in err
    )
    held = fbcheck("person", "+491713920027", "--json")[1]
    assert ([each["rows"] for each in held["lists"]], held["suppressed"]) == ([1], False)
    fbcheck.prelude = "import phonenumbers; phonenumbers.is_valid_number = lambda number: False"
    assert fbcheck("erase", "0171 3920027", "--json", *german)[1]["rows"] == 1
