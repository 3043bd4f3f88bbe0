"""Numbers are people's: where they may stand, how they are kept out, how they are deleted; and the doctor."""

import json
import stat
from pathlib import Path

import pytest

from fbcheck_pipeline.sandbox import Sandbox
from tests.integration.cli.fbcheck import KEY, Fbcheck, swiss, write_list
from tests.standin import StandIn

DATA_FOLDERS = {
    "inbox",
    "raw_phones",
    "e164_phones",
    "chunks",
    "submitted_chunks",
    "verdicts",
    "verdict_index",
    "result_files",
    "facebook_results",
}


def test_no_number_and_no_key_stands_outside_the_data_folders(fbcheck: Fbcheck, vendor: StandIn, tmp_path: Path) -> None:
    """The whole pipeline at DEBUG, with a lost answer, a bad result and a retry; then every byte is searched."""
    vendor.script.append("accept_then_cut")
    vendor.downloads.append("html")
    numbers = [swiss(7_000_000 + n) for n in range(300)]
    path = str(write_list(tmp_path / "a.csv", numbers))
    said = [fbcheck("run", path, "--json", "--purpose", "test", CHUNK_SIZE="100", LOG_LEVEL="DEBUG") for _ in range(2)]
    said.append(fbcheck("--debug", "status", "--json", LOG_LEVEL="DEBUG"))
    said.append(fbcheck("run", str(tmp_path / "nowhere.csv"), "--json", LOG_LEVEL="DEBUG"))
    spoken = "".join(json.dumps(document) + err for _, document, err in said).encode()
    places = {
        file: file.read_bytes()
        for file in fbcheck.data.rglob("*")
        if file.is_file() and (file.relative_to(fbcheck.data).parts[0] not in DATA_FOLDERS or file.suffix in (".json", ".html"))
    }
    assert any("dagster" in file.parts for file in places)
    for file, content in [(Path("the output"), spoken), *places.items()]:
        found = [number for number in numbers if number[1:].encode() in content]
        assert not found, f"{len(found)} numbers stand in {file}"
        assert KEY.encode() not in content, f"the key stands in {file}"


def test_files_with_personal_data_are_their_owners_only(fbcheck: Fbcheck, tmp_path: Path) -> None:
    """Nobody else on the machine reads them."""
    assert fbcheck("run", str(write_list(tmp_path / "a.csv", [swiss(1)])), "--json")[0] == 0
    for folder in DATA_FOLDERS - {"verdict_index"}:
        files = list((fbcheck.data / folder).iterdir())
        assert files and all(stat.S_IMODE(file.stat().st_mode) & 0o077 == 0 for file in files), folder
    assert stat.S_IMODE((fbcheck.data / "ledger.db").stat().st_mode) & 0o077 == 0


def test_a_suppressed_phone_is_never_submitted(fbcheck: Fbcheck, vendor: StandIn, tmp_path: Path) -> None:
    """Opt-outs, in whatever form they come."""
    code, document, err = fbcheck(
        "suppress", str(write_list(tmp_path / "out.csv", ["078 000 00 02", "junk"])), "--region", "CH", "--json"
    )
    assert (code, document) == (0, {"phones": 1, "new": 1, "rejected_rows": 1}), err
    code, document, _ = fbcheck("run", str(write_list(tmp_path / "a.csv", [swiss(1), swiss(2)])), "--json")
    counts = document["lists"][0]["counts"]
    assert (code, counts["suppressed"], counts["checked"]) == (0, 1, 1)
    assert set(vendor.accepted) == {swiss(1)}


def test_a_purge_deletes_everything_everywhere_and_keeps_what_others_need(
    fbcheck: Fbcheck, vendor: StandIn, tmp_path: Path
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
    assert left == []
    assert not (fbcheck.data / "ledger.db-wal").exists() or (fbcheck.data / "ledger.db-wal").stat().st_size == 0
    assert fbcheck("status", "--json")[1] == {"lists": [], "chunks": []}
    code, document, err = fbcheck("run", path, "--json")
    counts = document["lists"][0]["counts"]
    assert (code, counts["checked"], counts["suppressed"]) == (0, 1, 1), err
    assert vendor.accepted[swiss(1)] == 2


def findings(document: dict[str, list[dict[str, str]]]) -> dict[str, tuple[str, str]]:
    return {each["what"]: (each["level"], each["said"]) for each in document["findings"]}


def test_the_doctor_finds_a_healthy_house_healthy(fbcheck: Fbcheck) -> None:
    """No fault, exit 0."""
    code, document, err = fbcheck("doctor", "--json", REGION="CH")
    assert code == 0, err
    assert {level for level, _ in findings(document).values()} <= {"ok", "note"}


@pytest.mark.parametrize(
    ("settings", "what", "word"),
    [
        ({"API_KEY": ""}, "key", "FBCHECK_API_KEY"),
        ({"API_URL": "http://127.0.0.1:9"}, "vendor", "does not answer"),
        ({"API_URL": "not a url"}, "settings", "FBCHECK_API_URL"),
        ({"DATA_URI": "/proc/nowhere"}, "storage", "/proc/nowhere"),
    ],
    ids=["no key", "unreachable", "wrong url", "unwritable"],
)
def test_the_doctor_says_what_to_mend(fbcheck: Fbcheck, settings: dict[str, str], what: str, word: str) -> None:
    """Each fault by name, with its remedy, exit 2."""
    code, document, _ = fbcheck("doctor", "--json", **settings)
    level, said = findings(document)[what]
    assert (code, level) == (2, "fault") and word in said


def test_the_doctor_notices_a_bad_key(fbcheck: Fbcheck) -> None:
    """The vendor's 401, before any list meets it."""
    with Sandbox() as sandbox:
        code, document, _ = fbcheck("doctor", "--json", API_URL=sandbox.url, API_KEY="bad")
    level, said = findings(document)["vendor"]
    assert (code, level) == (2, "fault") and "FBCHECK_API_KEY" in said
