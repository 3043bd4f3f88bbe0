"""The settings: what is no setting is named, and each says in plain words what it is."""

from pathlib import Path

import pytest

from fbcheck_pipeline.errors import SettingsError
from fbcheck_pipeline.settings import Settings, load_settings, unknown_variables


def test_a_misspelt_variable_is_named_with_the_one_that_was_meant(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A limit that is not read does not limit; in the environment and in the `.env` file alike, in any case."""
    assert unknown_variables() == []
    monkeypatch.setenv("FBCHECK_MAX_BILABLE", "100")
    monkeypatch.setenv("FBCHECK_REGION", "TR")
    (tmp_path / ".env").write_text("\n".join(["fbcheck_pupose=x", "FBCHECK_FROBNICATE=1", "OTHER=1"]))
    frobnicate, limit, purpose = unknown_variables()
    assert frobnicate.startswith("FBCHECK_FROBNICATE is no setting") and "did you mean" not in frobnicate
    assert limit == "FBCHECK_MAX_BILABLE is no setting and does nothing; did you mean FBCHECK_MAX_BILLABLE?"
    assert "did you mean FBCHECK_PURPOSE?" in purpose


@pytest.mark.parametrize("name", Settings.model_fields)
def test_each_setting_says_what_it_is(name: str) -> None:
    """The reference page is made of these sentences."""
    description = Settings.model_fields[name].description or ""
    assert description.endswith(".") and len(description) > 20


def test_a_log_level_is_a_known_one_in_any_case() -> None:
    """The message names the variable and what fits."""
    assert load_settings(log_level="debug").log_level == "DEBUG"
    with pytest.raises(SettingsError, match=r"FBCHECK_LOG_LEVEL: .*DEBUG.*ERROR"):
        load_settings(log_level="loud")
