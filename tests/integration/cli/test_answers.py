"""What a command was asked for is on standard output, for pipes and files; beside it stand notes, warnings and errors."""

from pathlib import Path

import pytest

from tests.fake_vendor import FakeVendor
from tests.integration.cli.fbcheck import Fbcheck, swiss, write_list


@pytest.fixture
def lost(fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path) -> str:
    """The key of a chunk whose answer was lost; its list `a.csv` is joined."""
    vendor.script.append("accept_then_cut")
    assert fbcheck("run", str(write_list(tmp_path / "a.csv", [swiss(1), swiss(2)])), CHUNK_SIZE="1")[0] == 3
    (chunk,) = [each for each in fbcheck("status", "--json")[1]["chunks"] if each["state"] == "unconfirmed"]
    return str(chunk["chunk_key"])


def test_each_command_answers_on_standard_output(fbcheck: Fbcheck, lost: str, tmp_path: Path) -> None:
    """Seen: `purge --dry-run > what-goes.txt` wrote an empty file. With --quiet they say nothing."""
    opted_out, backup = str(write_list(tmp_path / "out.csv", [swiss(3)])), str(tmp_path / "backup")
    asked = {
        ("export", "a.csv", "--to", "a.xlsx"): "2 rows in a.xlsx",
        ("reconcile", lost, "--abandon"): f"chunk {lost} is now abandoned",
        ("suppress", opted_out): "1 phone suppressed, 1 of them new",
        ("suppress", opted_out, "--undo"): "1 phone, 1 opt-out taken back",
        ("erase", swiss(2), "--dry-run"): "would erase 1 phone from 1 list: 1 row,",
        ("erase", swiss(2)): "not searched: exports, backups",
        ("backup", backup): f"{backup} has ledger and ",
        ("backup", backup, "--forget"): f"{backup} is told no more",
        ("purge", "--older-than", "0", "--dry-run"): "would delete a-",
        ("purge", "--older-than", "0"): "deleted 1 list and 2 chunks",
        ("purge", "--dagster", "--older-than", "1"): "deleted 0 runs",
    }
    for arguments, words in asked.items():
        code, _, err = fbcheck(*arguments, LOG_LEVEL="WARNING")
        assert (code, err) == (0, "") and words in fbcheck.out, (arguments, fbcheck.out, err)
    empty = {"DATA_URI": str(tmp_path / "restored"), "LOG_LEVEL": "WARNING"}
    code, _, err = fbcheck("restore", backup, **empty)
    assert code == 0 and "restored ledger and " in fbcheck.out and "nothing is bought" in err
    code, _, err = fbcheck("restore", "--resume", "2999-01-01", **empty)
    assert (code, err) == (0, "") and "all submissions are known" in fbcheck.out
    assert fbcheck("purge", "--older-than", "0", "--quiet", **empty)[0] == 0 and not fbcheck.out


def test_letters_that_the_terminal_cannot_show_end_no_command(fbcheck: Fbcheck, tmp_path: Path) -> None:
    """Seen: a list was billed, and instead of its results there was an unexpected UnicodeEncodeError. JSON has them all the same."""
    fbcheck.prelude = "import sys; sys.stdout.reconfigure(encoding='ascii')"
    path = str(write_list(tmp_path / "müşteri.csv", [swiss(1)]))
    code, _, err = fbcheck("run", path, "--dry-run")
    assert code == 0 and "m\\xfc\\u015fteri.csv: read as" in fbcheck.out, err
    code, document, err = fbcheck("run", path, "--json")
    assert (code, document["lists"][0]["file"]) == (0, "müşteri.csv"), err


def test_tables_have_no_backticks_of_a_page(fbcheck: Fbcheck, tmp_path: Path) -> None:
    """They set off commands on pages; a terminal's reader copies them along."""
    assert fbcheck("run", str(write_list(tmp_path / "a.csv", [swiss(1), "+491713920012 / 13"])))[0] == 0
    for asked, words in {("doctor",): "set it for dagster dev", ("lineage", "a.csv"): "separated by ;"}.items():
        fbcheck(*asked)
        assert words in fbcheck.out and "`" not in fbcheck.out
    assert fbcheck("lineage", "a.csv", "--row", "2")[0] == 0 and "`" not in fbcheck.out
