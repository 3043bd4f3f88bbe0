"""What is compiled of phonenumbers' metadata serves the next command, and only where it is certainly the same."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from fbcheck_pipeline.cli import kept_metadata
from fbcheck_pipeline.cli.kept_metadata import metadata_kept
from fbcheck_pipeline.phones.fast.fast_path import CELLS_WORTH_COMPILING, Compiled, FastPath
from fbcheck_pipeline.phones.fast.terms import COUNTRIES, Says

TR, DE = ("0532 123 45 67", "TR"), ("030 123456", "DE")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    (tmp_path / "cli" / "__pycache__").mkdir(parents=True)
    place = tmp_path / "cli" / "__pycache__" / "kept.npz"
    monkeypatch.setattr(kept_metadata, "_PLACE", place)
    return place


def command(
    monkeypatch: pytest.MonkeyPatch, *cells: tuple[str, str], meanwhile: Callable[[], object] = lambda: None
) -> tuple[set[str], list[str | None]]:
    """What a process of its own has from the beginning, and what it reads."""
    compiled = Compiled()
    monkeypatch.setattr(kept_metadata, "compiled_here", lambda: compiled)
    with metadata_kept():
        begins_with = {COUNTRIES[each] for each in np.flatnonzero(compiled.is_ready)}
        many = [each for each in cells for _ in range(CELLS_WORTH_COMPILING)]
        regions = np.array([COUNTRIES.index(region) for _, region in many], np.int64)
        meanwhile()
        _, e164 = FastPath([], compiled).read(pa.array([text for text, _ in many]), regions, np.full(len(many), Says.NOTHING))
    return begins_with, e164.to_pylist()[::CELLS_WORTH_COMPILING]


def test_the_next_command_begins_with_it_and_reads_the_same(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A territory more is compiled beside those that were taken, and kept with them."""
    assert command(monkeypatch, TR) == (set(), ["+905321234567"])
    assert command(monkeypatch, TR, DE) == ({"TR"}, ["+905321234567", "+4930123456"])
    assert command(monkeypatch, DE, TR) == ({"TR", "DE"}, ["+4930123456", "+905321234567"])


def test_what_is_known_is_not_written_again(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands side by side leave each other's file alone."""
    command(monkeypatch, TR)
    before = place.stat()
    command(monkeypatch, TR)
    assert (place.stat().st_ino, place.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_damaged_file_is_no_metadata(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong table would make strangers' numbers: every array has a checksum."""
    command(monkeypatch, TR)
    content = place.read_bytes()
    for at in range(200, len(content), len(content) // 12):
        place.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        begins_with, read = command(monkeypatch, TR)
        assert (begins_with, read) == (set(), ["+905321234567"]), at
    place.write_bytes(content[: len(content) // 2])
    assert command(monkeypatch, TR) == (set(), ["+905321234567"])


def test_other_code_or_metadata_begins_anew(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules may have changed: what they made before is not theirs."""
    command(monkeypatch, TR)
    monkeypatch.setattr("phonenumbers.__version__", "0.0.1")
    assert command(monkeypatch, DE) == (set(), ["+4930123456"])
    assert command(monkeypatch, DE) == ({"DE"}, ["+4930123456"])


def test_what_an_update_came_amid_is_not_kept(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run waits for hours; its tables are of the code that it began with, and of phonenumbers' countries as they were read."""
    (code,) = kept_metadata.fast.__path__
    monkeypatch.setattr(kept_metadata.fast, "__path__", [shutil.copytree(code, tmp_path / "code")])
    command(monkeypatch, TR, meanwhile=lambda: (tmp_path / "code" / "lookups.py").write_text("RULES = 2"))
    command(monkeypatch, TR, meanwhile=lambda: monkeypatch.setattr(kept_metadata, "version", lambda _: "9.9.9"))
    assert command(monkeypatch, TR, meanwhile=lambda: shutil.rmtree(tmp_path / "code")) == (set(), ["+905321234567"])
    assert not place.exists()


def test_of_a_run_that_broke_off_nothing_is_kept(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have been amid compiling."""
    compiled = Compiled()
    monkeypatch.setattr(kept_metadata, "compiled_here", lambda: compiled)
    with pytest.raises(KeyboardInterrupt), metadata_kept():
        compiled.compile(np.array([COUNTRIES.index("TR")]))
        raise KeyboardInterrupt
    assert not place.exists()


def test_what_a_killed_run_left_goes(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Megabytes, which nobody else would remove."""
    place.with_name(".kept.npz.0123abcd.part").touch()
    command(monkeypatch, TR)
    assert [*place.parent.iterdir()] == [place]


def test_what_is_kept_is_of_one_moment() -> None:
    """Another thread may compile a territory while it is written."""
    compiled, later = Compiled(), COUNTRIES.index("DE")
    arrays = compiled.arrays()
    compiled.compile(np.array([later]))
    assert not arrays["is_ready"][later] and arrays["starts"][later] < 0


def test_where_python_keeps_no_modules_nothing_is_kept(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder may be somebody else's."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    command(monkeypatch, TR)
    assert not place.exists()
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(kept_metadata, "_PLACE", place / "no folder" / "kept.npz")
    assert command(monkeypatch, TR) == (set(), ["+905321234567"])


def test_all_that_is_compiled_is_kept() -> None:
    """Two arrays of one name would be one in the file."""
    compiled = Compiled()
    parts = (vars(compiled), vars(compiled.automaton), vars(compiled.lookups), compiled.automaton.facts._asdict())
    arrays = [each for part in parts for each in part.values() if isinstance(each, np.ndarray)]
    assert len(compiled.arrays()) == len(arrays)
