"""What takes its time: slow uploads, whole journeys through a second vendor, many broken workbooks."""

from __future__ import annotations

import io
import socket
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fbcheck_pipeline.errors import ResultError
from fbcheck_pipeline.vendor.connections import Timeouts
from fbcheck_pipeline.vendor.result_table import read_result
from tests.fake_vendor import FakeVendor, ResultShape, verdict
from tests.unit.vendor.test_results import NUMERIC, ROWS, SENT, SUMMARY, as_workbook, patched
from tests.unit.vendor.wire import Wire, client_for, http, read_request

PHONES = [f"+4179800{i:04d}" for i in range(300)]


def test_a_large_chunk_on_a_slow_line_outlives_the_connect_time_out() -> None:
    """The library sends the body under the connect time-out: a slow but sound upload would look lost, perhaps billed."""
    may_read = threading.Event()

    def slow(_: Wire, connection: socket.socket) -> None:
        assert may_read.wait(10)
        read_request(connection)
        connection.sendall(http(200, b'{"task_id":"t1","status":"pending"}'))

    timer = threading.Timer(0.6, may_read.set)
    timer.start()
    with Wire(slow) as server, client_for(server.url, Timeouts(connect_s=0.2, read_s=10)) as client:
        assert client.submit_chunk(b"+41798284651\n" * 2_000_000).task_id == "t1"
    timer.join()


@pytest.mark.parametrize("protocol", ["simple", "v1"])
@pytest.mark.parametrize(
    "shape",
    [
        ResultShape(),
        ResultShape(format="zip", header=("number", "activated"), swap_columns=True),
        ResultShape(format="csv", numbers="digits", labels={"yes": "YES", "no": " No "}),
        ResultShape(numbers="numeric", summary_sheet=True),
    ],
)
def test_a_chunk_comes_back_with_its_verdicts(tmp_path: Path, protocol: str, shape: ResultShape) -> None:
    """Submit, ask, download, read: the vendor of these tests shares no code with the client."""
    with FakeVendor(shape=shape) as vendor, client_for(vendor.url, protocol=protocol) as client:
        sent = client.submit_chunk("".join(f"{phone}\n" for phone in PHONES).encode())
        task = client.task(sent.task_id)
        assert task.result_url is not None
        client.download(task.result_url, tmp_path / "result")
        table = read_result(tmp_path / "result", np.array(sorted(map(int, PHONES))), max_bytes=10**7).table
        assert dict(zip(table["phone"].to_pylist(), table["facebook"].to_pylist(), strict=True)) == {
            int(phone): verdict(phone) for phone in PHONES
        }
        assert vendor.most_per_phone == 1
        assert all("X-API-Key" not in headers for headers in vendor.result_headers)


BOOKS = [as_workbook(ROWS), as_workbook(SUMMARY, NUMERIC)]


@given(
    st.sampled_from(BOOKS),
    st.integers(0, 20),
    st.lists(st.tuples(st.integers(0, 10**6), st.binary(min_size=1, max_size=4)), min_size=1, max_size=5),
)
@settings(max_examples=1500)
def test_no_broken_workbook_raises_anything_but_a_named_error(
    tmp_path_factory: pytest.TempPathFactory, book: bytes, member: int, changes: list[tuple[int, bytes]]
) -> None:
    """Broken inside, with sound checksums: both readers see it."""
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        name = archive.namelist()[member % len(archive.namelist())]

    def broken(xml: bytes) -> bytes:
        data = bytearray(xml)
        for place, part in changes:
            data[place % len(data) : place % len(data) + len(part)] = part
        return bytes(data)

    path = tmp_path_factory.getbasetemp() / "book"
    path.write_bytes(patched(book, broken, name))
    try:
        result = read_result(path, SENT, max_bytes=5_000_000)
    except ResultError:
        return
    assert result.rows >= result.table.num_rows
