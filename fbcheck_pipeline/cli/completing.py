"""Shell completion of list keys and chunk keys, from the file names in a local data folder. Opens no file."""

from __future__ import annotations

from fbcheck_pipeline.errors import SettingsError
from fbcheck_pipeline.model.paths import CHUNKS, RAW_PHONES, DataFile


def list_keys() -> list[str]:
    """Keys of the lists that were read."""
    return _names(RAW_PHONES)


def chunk_keys() -> list[str]:
    """Keys of the chunks that were sent."""
    return _names(CHUNKS)


def _names(kind: DataFile) -> list[str]:
    from pathlib import Path

    from fbcheck_pipeline.cli.target import target_settings

    try:
        settings = target_settings()
    except SettingsError:
        return []
    return sorted(path.stem for path in Path(settings.data_uri, kind.folder).glob(f"*{kind.suffix}")) if settings.is_local else []
