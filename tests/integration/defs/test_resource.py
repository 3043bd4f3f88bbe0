"""The Dagster resource and the settings are one list; a resource reads nothing but what it was given, and shows no secret."""

import inspect
from typing import Any

import dagster as dg
import pytest

from fbcheck_pipeline.defs.resources import SECRETS, FbcheckResource
from fbcheck_pipeline.errors import SettingsError
from fbcheck_pipeline.settings import Settings

INSIDE = {"env_prefix", "instance_name", "module", "declared_sources"}


def test_the_resource_has_every_setting_and_no_other() -> None:
    """Its fields and its typed arguments are written down for type checkers and editors."""
    assert FbcheckResource.model_fields.keys() - INSIDE == set(Settings.model_fields)
    tree = inspect.getsource(FbcheckResource)
    arguments = tree[tree.index("def __init__") : tree.index(") -> None")]
    assert all(f"            {name}: " in arguments for name in Settings.model_fields)
    assert arguments.count(" = None,") == len(Settings.model_fields)


def test_a_resource_reads_neither_the_environment_nor_a_env_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """A second instance in the process would take the first one's key and ledger; a variable is read where it is named."""
    monkeypatch.setenv("FBCHECK_REGION", "DE")
    monkeypatch.setenv("OTHER_REGION", "TR")
    monkeypatch.setenv("LIMIT", "7")
    monkeypatch.setenv("EMPTY", "")
    (tmp_path / ".env").write_text("FBCHECK_PURPOSE=x\n")
    given = FbcheckResource(chunk_size=500, poll_seconds=2.5, max_billable=dg.EnvVar.int("LIMIT"), purpose=dg.EnvVar("EMPTY"))
    settings = given.settings()
    assert (settings.region, settings.purpose, settings.api_key) == (None, None, None)
    assert (settings.chunk_size, settings.poll_seconds, settings.max_billable) == (500, 2.5, 7)
    assert FbcheckResource.from_env().settings().region == "DE" and FbcheckResource.from_env().settings().purpose == "x"
    assert FbcheckResource.from_env("OTHER_").settings().region == "TR"


def test_a_variable_that_is_named_and_not_set_is_an_error_when_it_is_read() -> None:
    """A limit that is not read does not limit; until a step of ours needs it, nobody is told."""
    limited = FbcheckResource(max_billable=dg.EnvVar("NO_SUCH_LIMIT"))
    with pytest.raises(SettingsError, match=r"^max_billable: the environment variable NO_SUCH_LIMIT is not set$"):
        limited.settings()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"regin": "TR"}, "regin is no setting; did you mean region?"),
        ({"region": "UK"}, "region: 'UK' is no ISO 3166 region such as TR, DE or US; did you mean GB?"),
        ({"region": "XX"}, "region: 'XX' is no ISO 3166 region such as TR, DE or US"),
        ({"chunk_size": 0}, "chunk_size: must be at least 1"),
        ({"chunk_size": "many"}, "chunk_size: must be a whole number"),
        ({"chunk_size": 20_000_000}, "chunk_size: must be at most 10000000"),
        ({"poll_seconds": 0}, "poll_seconds: must be more than 0"),
        ({"verdict_days": "x"}, "verdict_days: must be a number"),
        ({"price_per_10k": "inf"}, "price_per_10k: must be a number"),
        ({"require_purpose": "perhaps"}, "require_purpose: must be true or false"),
        ({"result_hosts": "https://x.example/"}, "result_hosts: must be bare host names without scheme or port"),
        ({"result_hosts": "x.example, y.example:443"}, "result_hosts: must be bare host names without scheme or port"),
        ({"allow_line_types": "uan, tollfree"}, "allow_line_types: 'tollfree' is no line type; did you mean toll_free?"),
        ({"protocol": "v2"}, "protocol: must be 'simple' or 'v1'"),
        (
            {"data_uri": "s3://bucket/x"},
            "LEDGER_URL is required where DATA_URI is not a local folder, e.g. postgresql+psycopg://…",
        ),
        *(({name: "clear"}, f"{name} must not stand in code") for name in SECRETS),
    ],
)
def test_what_cannot_be_right_is_refused_when_it_is_written(given: dict[str, Any], said: str) -> None:
    """In one sentence of ours."""
    with pytest.raises(SettingsError) as caught:
        FbcheckResource(**given)
    assert str(caught.value).startswith(said) and "\n" not in str(caught.value) and "Input" not in str(caught.value)


def test_a_place_whose_ledger_is_named_by_a_variable_is_judged_when_it_is_read() -> None:
    """Nothing in the clear contradicts another."""
    FbcheckResource(data_uri="s3://bucket/x", ledger_url=dg.EnvVar("LEDGER"))
    FbcheckResource(min_chunk=30_000, chunk_size=dg.EnvVar.int("SIZE"))
