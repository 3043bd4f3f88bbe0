"""The ledger on SQLite, as it is by default."""

import os
from contextlib import suppress
from pathlib import Path

from fbcheck_pipeline.workflow.workspace import Workspace
from tests.unit.ledger.both import *  # noqa: F403
from tests.unit.ledger.both import register


def test_many_dependencies_need_no_temporary_file(ws: Workspace) -> None:
    """SQLite would write there what each page was before: half of the time of a thousand dependencies."""
    register(ws.ledger, "a", "b")
    keys, opened = [f"{number:016}" for number in range(5000)], set[str]()
    with ws.ledger.planning() as tx:
        tx.depend("a", keys)

    def look() -> int:
        for each in Path("/proc/self/fd").iterdir():
            with suppress(FileNotFoundError):
                opened.add(os.readlink(each))
        return 0

    with ws.ledger.planning() as tx:
        tx._connection.connection.driver_connection.set_progress_handler(look, 1000)
        tx.depend("b", keys[::10])
        tx._connection.connection.driver_connection.set_progress_handler(None, 0)
    assert opened and not [each for each in opened if "etilqs" in each], "so SQLite names its temporary files"
