"""How the command begins and ends: with one sentence for an error, with one JSON object whatever happens."""

import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import typer
from typer.models import CommandInfo

from fbcheck_pipeline.cli import main, people
from fbcheck_pipeline.cli.app import app
from tests.unit.cli.conftest import Run


def test_the_help_shows_no_type_of_a_flag_and_none_of_python(fbcheck: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever reads `--json <bool>` gives it a value; `{LIST...}... <list[Path]>` says nothing to whoever has a file."""
    for command in ([], ["run"], ["status"], ["erase"]):
        with pytest.raises(SystemExit):
            typer.main.get_command(app).main([*command, "--help"], prog_name="fbcheck")
        shown = capsys.readouterr().out
        assert "--help" in shown and "<" not in shown and "...}" not in shown


def test_the_version_names_what_decides_how_a_list_is_read_and_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A report of a fault begins with them."""
    monkeypatch.setattr(sys, "argv", ["fbcheck", "--version"])
    with pytest.raises(SystemExit):
        main()
    said = capsys.readouterr().out
    assert all(f"{name} {version(name)}" in said for name in ("dagster", "phonenumbers")) and platform.python_version() in said


def test_the_help_lists_commands_by_what_they_are_about(fbcheck: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """Eighteen in one box are read by nobody."""
    with pytest.raises(SystemExit):
        typer.main.get_command(app).main(["--help"], prog_name="fbcheck")
    shown = capsys.readouterr().out
    words = ["─ Lists ─", "run ", "─ People ─", "erase ", "─ Operation ─", "doctor "]
    assert sorted(words, key=shown.index) == words


@pytest.mark.parametrize("command", app.registered_commands, ids=lambda each: each.callback.__name__)
def test_the_help_of_each_command_has_an_example_of_it(command: CommandInfo) -> None:
    """A person copies it and changes two words."""
    assert command.callback is not None and f"Example: fbcheck {command.callback.__name__}" in (command.callback.__doc__ or "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run"], "error: Missing argument 'LIST'; see fbcheck run --help\n"),
        (["run", "a.csv", "--colour"], "error: No such option: --colour"),
        (["frobnicate"], "error: No such command 'frobnicate'"),
        (["lineage", "a-1", "--row", "0"], "error: Invalid value for '--row'"),
        (["run", "a.csv"], "error: FBCHECK_API_KEY is not set; set"),
        (
            ["run", "a.csv", "--region", "Turkey"],
            "error: --region: 'Turkey' is no ISO 3166 region such as TR, DE or US; did you mean TR?",
        ),
        (["run", "a.csv", "--region", "0532000000"], "error: --region: the value is no ISO 3166 region"),
        (["run", "a.csv", "--region", "XX"], "error: --region: 'XX' is no ISO 3166 region"),
    ],
    ids=lambda each: each[-1] if isinstance(each, list) else "",
)
def test_an_error_is_one_sentence_and_exit_2(fbcheck: Run, arguments: list[str], said: str) -> None:
    """Wrong usage and wrong settings alike."""
    code, _, err = fbcheck(*arguments)
    assert code == 2 and err.startswith(said) and err.count("\n") == 1


def test_a_script_gets_one_json_object_also_from_a_command_that_cannot_begin(
    fbcheck: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reads `lists` and `error` without asking first whether there was any output."""
    for arguments in (["run", "a.csv", "--json"], ["run", "--json"]):
        code, document, err = fbcheck(*arguments)
        assert (code, document["lists"], document["billed_phones"]) == (2, [], 0)
        assert err == f"error: {document['error']}\n"
    monkeypatch.setenv("FBCHECK_CHUNK_SIZE", "none")
    code, document, _ = fbcheck("status", "--json")
    assert (code, document["lists"], document["chunks"]) == (2, [], []) and "FBCHECK_CHUNK_SIZE" in document["error"]


@pytest.mark.parametrize("is_json", [False, True])
def test_an_output_that_cannot_be_written_is_named_without_a_traceback(is_json: bool) -> None:
    """Seen: an unexpected OSError, and with --json three tracebacks."""
    command = [sys.executable, "-c", "from fbcheck_pipeline.cli import main; main()", "status", *(["--json"] if is_json else [])]
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert ended.returncode == 1 and ended.stderr.startswith("error: unexpected OSError (No space left on device); run again")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "command", [["status"], ["run", "a.csv"], ["export", "a", "--to", "a.csv"], ["dev"]], ids=lambda each: each[0]
)
def test_data_that_are_no_folder_are_refused(
    command: list[str], fbcheck: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Seen: `status` said that a file has no lists yet, with exit 0, and `dev` an unexpected NotADirectoryError."""
    (tmp_path / "list.csv").touch()
    monkeypatch.setenv("FBCHECK_DATA_URI", str(tmp_path / "list.csv"))
    monkeypatch.setenv("FBCHECK_API_KEY", "k")
    code, _, err = fbcheck(*command)
    assert code == 2 and "FBCHECK_DATA_URI" in err.splitlines()[-1] and "unexpected" not in err


@pytest.mark.usefixtures("tmp_path")
def test_a_traceback_comes_only_when_asked_for(fbcheck: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unexpected error says its kind and never its message, which may quote a cell; `--debug` shows where it was."""

    def broken(*_: object, **_undo: bool) -> None:
        raise RuntimeError("+41780000001")

    monkeypatch.setattr(people, "say_opt_outs", broken)
    code, document, err = fbcheck("suppress", "a.csv", "--json")
    assert code == 1 and "Traceback" not in err and "41780000001" not in err + str(document)
    assert err.startswith("error: unexpected RuntimeError; run again with fbcheck --debug")
    code, _, err = fbcheck("--debug", "suppress", "a.csv")
    assert code == 1 and "Traceback" in err and "test_entry.py" in err
