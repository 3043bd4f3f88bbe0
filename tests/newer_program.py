"""A newer version of this program, as far as the ledger can tell: one that brings a migration more."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fbcheck_pipeline.ledger import copying, versions

OLDER_STOP, OLDER_GO_ON = "9999.1", "0001.9999"
"""Versions whose migration lets older programs write no more, and one beside which they go on."""
_MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision, down_revision = {version!r}, {before!r}


def upgrade() -> None:
    op.add_column("lists", sa.Column("colour", sa.Text(), nullable=True))
"""


@contextmanager
def newer_program(version: str, folder: Path) -> Iterator[None]:
    """Whoever opens a ledger inside is of this version; `folder` takes its migrations."""
    migrations = folder / f"migrations-{version}"
    if not migrations.exists():
        shutil.copytree(versions.MIGRATIONS, migrations, ignore=shutil.ignore_patterns("__pycache__"))
        (migrations / "versions" / f"{version}_later.py").write_text(_MIGRATION.format(version=version, before=versions.HEAD))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(versions, "HEAD", version)
        patched.setattr(copying, "HEAD", version)
        patched.setattr(versions, "MIGRATIONS", migrations)
        yield
