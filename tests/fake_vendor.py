"""A second vendor for tests: plain `http.server`, every behaviour scripted by the test, every byte received kept.

It shares nothing with `fbcheck_pipeline.sandbox`, so that the two can disagree. Belongs here: what a test of money and
data needs to see (what was accepted, where the key went). In process: `with FakeVendor() as vendor: ...`; as a process
that survives its client: `python -m tests.fake_vendor --port P --accepted-file F`.
"""

from __future__ import annotations

import argparse
import csv
import io
import itertools
import json
import os
import random
import re
import socket
import sys
import threading
import time
import zipfile
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs, unquote, urlsplit

# What one request meets; each queue or callable yields these:
#   submission: "accept" | "accept_then_cut" | "accept_then_hang" | "html" | "no_task_id" | "garbage"
#               | "cut_before_reading" (queue only) | "cut_before_accepting"
#               (html, no_task_id and garbage come after accepting) | 500 or another code, as the vendor's JSON, not accepted
#               | ("status", code, headers, body) not accepted | ("accept_status", code, headers, body) accepted
#   status:     a status word ("pending", "processing", "completed", "exported", "failed", or any) | an error code
#               | "garbage" | "cut" | {field: value} laid over the true answer | ("status", code, headers, body)
#   result:     "ok" | "expire" (403, void until the status is asked again) | an error code | "cut" | "wrong_length"
#               | "html" | ("status", code, headers, body)
ACCEPTING = ("accept", "accept_then_cut", "accept_then_hang", "html", "no_task_id", "garbage")
Behaviour = str | int | dict[str, Any] | tuple[str, int, dict[str, str], bytes]
Row = tuple[str, str]
EXPIRED = b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"
HTML = b"<!doctype html><html><body><h1>Gateway</h1></body></html>"


def verdict(number: str) -> str:
    """`ban` when the number ends with 7, else `yes` when its last digit is even, else `no`."""
    return "ban" if number.endswith("7") else "yes" if int(number[-1]) % 2 == 0 else "no"


@dataclass
class ResultShape:
    """How a result file looks; `rows` sees the (number, label) pairs last and may change anything."""

    format: Literal["xlsx", "zip", "csv", "parts", "bytes"] = "xlsx"  # parts: a zip of two tables, each with half of the rows
    header: tuple[str, str] = ("Number", "facebook")
    missing: int = 0  # so many of the last rows are left out, and counted as failure
    extra: tuple[str, ...] = ()  # numbers that were never sent
    conflicts: int = 0  # so many of the first numbers come twice, with another label
    labels: dict[str, str] = field(default_factory=dict)  # e.g. {"yes": "YES", "no": " No "}
    numbers: Literal["plus", "digits", "numeric"] = "plus"
    swap_columns: bool = False
    summary_sheet: bool = False
    content: bytes = b""  # for format "bytes"
    rows: Callable[[list[Row]], list[Row]] = list
    pack: Callable[[list[Row]], bytes] | None = None  # makes the whole file, instead of all above but `rows`


@dataclass
class Task:
    """One accepted file and what is to be said of it."""

    task_id: str
    protocol: str
    phones: list[str]
    user_id: str
    statuses: deque[Behaviour]
    held: bool
    shape: ResultShape
    created_at: str
    born_s: float = field(default_factory=time.monotonic)
    signature: int = 1
    void: bool = False


class FakeVendor:
    """The scripted vendor.

    Args:
        script: behaviours of the submissions to come, a queue or `f(post_index, payload) -> Behaviour`; then "accept".
        statuses: what every new task's first status calls meet; afterwards the truth.
        downloads: what the next downloads meet, of whatever task; then "ok".
        hold: new tasks stay pending until `finish(task_id)` or `finish_all()`.
        delay_s: seconds from acceptance to exported.
        shape: of the results of tasks accepted from now on.
        min_rows: fewest rows a v1 file may have.
        accepted_file: every accepted phone is appended and synced to it before the answer leaves.
        clock: UTC seconds, by which tasks are created and exported.
    """

    def __init__(
        self,
        script: Iterable[Behaviour] | Callable[[int, bytes], Behaviour] = (),
        *,
        statuses: Iterable[Behaviour] = (),
        downloads: Iterable[Behaviour] | Callable[[str], Behaviour] = (),
        hold: bool = False,
        delay_s: float = 0.0,
        shape: ResultShape | None = None,
        min_rows: int = 100,
        port: int = 0,
        accepted_file: Path | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.clock = clock
        self.script = script
        self.statuses = tuple(statuses)
        self.status_hook: Callable[[Task], Behaviour | None] = lambda task: None
        self.downloads = downloads
        self.hold, self.delay_s, self.shape, self.min_rows = hold, delay_s, shape or ResultShape(), min_rows
        self.status_delay_s = 0.0
        self.hang_s: float | None = None  # how long "accept_then_hang" is silent; None: until the end
        self.posts: list[bytes] = []
        self.post_headers: list[dict[str, str]] = []
        self.fields: list[dict[str, str]] = []
        self.accepted: Counter[str] = Counter()
        self.tasks: dict[str, Task] = {}
        self.status_calls: Counter[str] = Counter()
        self.download_calls: Counter[str] = Counter()
        self.result_headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.release = threading.Event()
        self.changed = threading.Condition(threading.RLock())
        self._ids = itertools.count(1)
        self._accepted_file = accepted_file.open("a", encoding="ascii") if accepted_file else None
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.fake_vendor = self
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> FakeVendor:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), name="fake_vendor", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()
        if self._accepted_file:
            self._accepted_file.close()

    def finish(self, task_id: str) -> None:
        """Let a held task be exported from now on."""
        with self.changed:
            self.tasks[task_id].held = False

    def finish_all(self) -> None:
        """Let every task be exported, those to come included."""
        with self.changed:
            self.hold = False
            for task in self.tasks.values():
                task.held = False

    def wait_for(self, happened: Callable[[FakeVendor], bool], timeout_s: float = 60.0) -> None:
        """Block until a request has made `happened(vendor)` true; AssertionError after `timeout_s`."""
        with self.changed:
            assert self.changed.wait_for(lambda: happened(self), timeout_s), "the vendor waited in vain"

    @property
    def script(self) -> deque[Behaviour]:
        """What the submissions to come meet, to be added to; set it to a queue or a function."""
        assert isinstance(self._script, deque), "the script is a function"
        return self._script

    @script.setter
    def script(self, behaviours: Iterable[Behaviour] | Callable[[int, bytes], Behaviour]) -> None:
        self._script = behaviours if callable(behaviours) else _queue(behaviours)

    @property
    def downloads(self) -> deque[Behaviour]:
        """What the downloads to come meet, to be added to; set it to a queue or a function."""
        assert isinstance(self._downloads, deque), "the downloads are a function"
        return self._downloads

    @downloads.setter
    def downloads(self, behaviours: Iterable[Behaviour] | Callable[[str], Behaviour]) -> None:
        self._downloads = behaviours if callable(behaviours) else _queue(behaviours)

    @property
    def most_per_phone(self) -> int:
        """How often the most often accepted phone was accepted; 1 means nothing was bought twice."""
        return max(self.accepted.values(), default=0)

    def accept(self, protocol: str, phones: list[str], user_id: str) -> Task:
        """Bill these phones and open a task for them."""
        with self.changed:
            task_id = f"cs9viu7i61pk{next(self._ids):08d}"
            shape = self.shape
            if protocol == "v1" and shape == ResultShape():
                shape = ResultShape(format="zip", header=("number", "activated"))
            now = self.clock()
            created_at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1e9):09d}Z"
            task = Task(task_id, protocol, phones, user_id, deque(self.statuses), self.hold, shape, created_at)
            self.tasks[task_id] = task
            self.accepted.update(phones)
            if self._accepted_file:
                self._accepted_file.write("".join(f"{phone}\n" for phone in phones))
                self._accepted_file.flush()
                os.fsync(self._accepted_file.fileno())
            self.changed.notify_all()
            return task


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    fake_vendor: FakeVendor

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed is what these tests are about; anything else is a mistake in a script."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, *_: object) -> None:
        """Silence."""

    def do_POST(self) -> None:
        vendor, path = self.server.fake_vendor, urlsplit(self.path).path
        vendor.paths.append(self.path)
        if path in ("/fb/api/simple/tasks", "/v1/tasks"):
            self._submission(vendor, "v1" if path == "/v1/tasks" else "simple")
        elif path == "/v1/gettasks":
            self._status(vendor, self._form()[0].get("task_id", ""), "v1")
        else:
            self._json(404, {"error": "not_found"})

    def do_GET(self) -> None:
        vendor, path = self.server.fake_vendor, urlsplit(self.path).path
        vendor.paths.append(self.path)
        if path.startswith("/fb/api/simple/tasks/"):
            self._status(vendor, unquote(path.rpartition("/")[2]), "simple")
        elif path.startswith("/results/"):
            self._download(vendor, path.rpartition("/")[2].partition(".")[0])
        elif path == "/v1/balance":
            self._json(200 if self.headers.get("X-API-Key") else 401, {"balance": 12.5})
        else:
            self._json(404, {"error": "not_found"})

    def _submission(self, vendor: FakeVendor, protocol: str) -> None:
        behaviour = "accept" if callable(vendor._script) else _next(vendor._script, "accept")
        if behaviour == "cut_before_reading":
            self._record_post(vendor, {}, b"")
            return self._cut()
        fields, payload = self._form()
        index = self._record_post(vendor, fields, payload)
        if callable(vendor._script):
            behaviour = vendor._script(index, payload)
        if behaviour == "cut_before_accepting":
            return self._cut()
        if isinstance(behaviour, int):
            return self._json(behaviour, {"error": "internal_error", "message": "try later"})
        if isinstance(behaviour, tuple) and behaviour[0] == "status":
            return self._bytes(*behaviour[1:])
        if behaviour not in ACCEPTING and not isinstance(behaviour, tuple):
            raise ValueError(f"no such submission behaviour: {behaviour!r}")
        phones = payload.decode("ascii", "replace").split()
        if (fault := self._fault_of_request(vendor, protocol, fields, phones)) is not None:
            return self._json(fault[0], {"error": fault[1], "message": fault[1]})
        task = vendor.accept(protocol, phones, fields.get("user_id", ""))
        self._answer_accepted(vendor, task, behaviour)

    def _fault_of_request(
        self, vendor: FakeVendor, protocol: str, fields: dict[str, str], phones: list[str]
    ) -> tuple[int, str] | None:
        if not self.headers.get("X-API-Key"):
            return 401, "invalid_api_key"
        if protocol == "v1" and fields.get("task_type") != "facebook":
            return 400, "invalid_task_type"
        if not phones or not all(re.fullmatch(r"\+[1-9]\d{4,14}", phone, re.ASCII) for phone in phones):
            return 400, "invalid_file"
        return (400, "invalid_batch_size") if protocol == "v1" and len(phones) < vendor.min_rows else None

    def _answer_accepted(self, vendor: FakeVendor, task: Task, behaviour: Behaviour) -> None:
        receipt = _facts(task, "pending") if task.protocol == "simple" else _v1_receipt(task)
        match behaviour:
            case "accept":
                self._json(202 if task.protocol == "v1" else 200, receipt)
            case "accept_then_cut":
                self._cut()
            case "accept_then_hang":
                vendor.release.wait(vendor.hang_s)
                self._cut()
            case "html":
                self._bytes(200, {"Content-Type": "text/html"}, HTML)
            case "no_task_id":
                self._json(200, {key: value for key, value in receipt.items() if key != "task_id"})
            case "garbage":
                self._bytes(200, {"Content-Type": "application/json"}, b'{"task_id": "cs9v')
            case ("accept_status", int(code), dict(headers), bytes(body)):
                self._bytes(code, headers, body)

    def _status(self, vendor: FakeVendor, task_id: str, protocol: str) -> None:
        time.sleep(vendor.status_delay_s)
        with vendor.changed:
            vendor.status_calls[task_id] += 1
            vendor.changed.notify_all()
            task = vendor.tasks.get(task_id)
            behaviour = (vendor.status_hook(task) or _next(task.statuses, "")) if task else ""
        if not self.headers.get("X-API-Key"):
            return self._json(401, {"error": "invalid_api_key"})
        if task is None or task.protocol != protocol:
            return self._json(404, {"error": "task_not_found"})
        match behaviour:
            case int():
                self._json(behaviour, {"error": "internal_error"})
            case "garbage":
                self._bytes(200, {"Content-Type": "application/json"}, b"\xff\x00{")
            case "cut":
                self._cut()
            case ("status", int(code), dict(headers), bytes(body)):
                self._bytes(code, headers, body)
            case _:
                overlay = behaviour if isinstance(behaviour, dict) else {}
                status = behaviour if isinstance(behaviour, str) and behaviour else _true_status(task, vendor.delay_s)
                self._json(200, _facts(task, str(overlay.get("status", status)), self._result_url(task)) | overlay)

    def _result_url(self, task: Task) -> str:
        if task.void:
            task.void, task.signature = False, task.signature + 1
        return f"{self.server.fake_vendor.url}/results/{task.task_id}.xlsx?X-Signature={task.signature}"

    def _download(self, vendor: FakeVendor, task_id: str) -> None:
        with vendor.changed:
            vendor.download_calls[task_id] += 1
            vendor.result_headers.append(dict(self.headers.items()))
            vendor.changed.notify_all()
        task = vendor.tasks.get(task_id)
        if task is None:
            return self._bytes(404, {}, b"<Error><Code>NoSuchKey</Code></Error>")
        signature = parse_qs(urlsplit(self.path).query).get("X-Signature", [""])[0]
        if task.void or signature != str(task.signature):
            return self._bytes(403, {}, EXPIRED)
        behaviour = vendor._downloads(task_id) if callable(vendor._downloads) else _next(vendor._downloads, "ok")
        match behaviour:
            case "expire":
                task.void = True
                self._bytes(403, {}, EXPIRED)
            case int():
                self._bytes(behaviour, {}, b"<Error><Code>InternalError</Code></Error>")
            case "html":
                self._bytes(200, {"Content-Type": "text/html"}, HTML)
            case ("status", int(code), dict(headers), bytes(body)):
                self._bytes(code, headers, body)
            case "ok" | "cut" | "wrong_length":
                self._file(result_bytes(task), str(behaviour))
            case _:
                raise ValueError(f"no such download behaviour: {behaviour!r}")

    def _file(self, content: bytes, manner: str) -> None:
        told = len(content) + 100 if manner == "wrong_length" else len(content)
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(told))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if manner == "cut" else content)
        if manner != "ok":
            self._cut()

    def _record_post(self, vendor: FakeVendor, fields: dict[str, str], payload: bytes) -> int:
        with vendor.changed:
            vendor.posts.append(payload)
            vendor.fields.append(fields)
            vendor.post_headers.append(dict(self.headers.items()))
            vendor.changed.notify_all()
            return len(vendor.posts) - 1

    def _form(self) -> tuple[dict[str, str], bytes]:
        """The form's text fields, and the bytes of its `file`."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        kind = self.headers.get("Content-Type", "")
        if "boundary=" not in kind:
            return {name: values[0] for name, values in parse_qs(body.decode()).items()}, b""
        fields, payload = {}, b""
        for part in body.split(b"--" + kind.partition("boundary=")[2].strip('"').encode())[1:-1]:
            head, _, content = part.partition(b"\r\n\r\n")
            name = re.search(rb'\bname="([^"]*)"', head)
            content = content.removesuffix(b"\r\n")
            if name and name[1] == b"file" and b"filename=" in head:
                payload = content
            elif name:
                fields[name[1].decode()] = content.decode()
        return fields, payload

    def _json(self, code: int, answer: dict[str, Any]) -> None:
        self._bytes(code, {"Content-Type": "application/json"}, json.dumps(answer).encode())

    def _bytes(self, code: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(code)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _cut(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)


def result_bytes(task: Task) -> bytes:
    """The task's result file in the shape that was asked for."""
    shape = task.shape
    if shape.format == "bytes":
        return shape.content
    if shape.pack is not None:
        return shape.pack(shape.rows([(phone, verdict(phone)) for phone in task.phones]))
    pairs: list[Row] = [(phone, verdict(phone)) for phone in task.phones[: len(task.phones) - shape.missing]]
    pairs += [(phone, "yes") for phone in shape.extra]
    pairs += [(phone, "no" if label == "yes" else "yes") for phone, label in pairs[: shape.conflicts]]
    rows = [(phone if shape.numbers == "plus" else phone.lstrip("+"), shape.labels.get(label, label)) for phone, label in pairs]
    table: list[tuple[Any, ...]] = [shape.header, *shape.rows(rows)]
    if shape.numbers == "numeric":
        table[1:] = [(int(phone), label) for phone, label in table[1:]]
    if shape.swap_columns:
        table = [tuple(reversed(row)) for row in table]
    if shape.format == "csv":
        return _csv(table)
    if shape.format == "parts":
        return _parts(table)
    return _xlsx(table, shape.summary_sheet) if shape.format == "xlsx" else _zip(table, shape.summary_sheet)


def _csv(table: list[tuple[Any, ...]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(table)
    return out.getvalue().encode()


def _xlsx(table: list[tuple[Any, ...]], summary_sheet: bool) -> bytes:
    from xlsxwriter import Workbook  # a third of openpyxl's time

    out = io.BytesIO()
    with Workbook(out, {"in_memory": True, "constant_memory": True, "strings_to_formulas": False}) as book:
        if summary_sheet:
            book.add_worksheet("Overview").write_row(0, 0, ["Total", len(table) - 1])
        sheet = book.add_worksheet("Sheet1")
        for place, row in enumerate(table):
            sheet.write_row(place, 0, row)
    return out.getvalue()


def _zip(table: list[tuple[Any, ...]], summary_sheet: bool) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("activated.txt", "".join(f"{row[0]}\n" for row in table[1:] if row[1] == "yes"))
        archive.writestr("all.csv", _csv(table))
        archive.writestr("result.xlsx", _xlsx(table, summary_sheet))
    return out.getvalue()


def _parts(table: list[tuple[Any, ...]]) -> bytes:
    out, half = io.BytesIO(), (len(table) + 1) // 2
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../result_1.csv", _csv(table[:half]))
        archive.writestr("result_2.txt", _csv([table[0], *table[half:]]))
    return out.getvalue()


def _queue(behaviours: Iterable[Behaviour]) -> deque[Behaviour]:
    return behaviours if isinstance(behaviours, deque) else deque(behaviours)


def _next(queue: deque[Behaviour], otherwise: Behaviour) -> Behaviour:
    try:
        return queue.popleft()
    except IndexError:
        return otherwise


def _true_status(task: Task, delay_s: float) -> str:
    if task.held:
        return "pending"
    return "exported" if time.monotonic() - task.born_s >= delay_s else "processing"


def _facts(task: Task, status: str, result_url: str = "") -> dict[str, Any]:
    total, missing = len(task.phones), task.shape.missing
    counts = {"pending": (0, 0, 0), "processing": (total, total // 3, 0)}.get(status, (total, total - missing, missing))
    facts: dict[str, Any] = {"created_at": task.created_at, "updated_at": task.created_at[:-2] + "Z"}
    facts |= {"task_id": task.task_id, "user_id": task.user_id, "status": status}
    facts |= dict(zip(("total", "success", "failure"), counts, strict=True))
    if status == "failed":
        facts["message"] = "the task could not be processed"
    return facts | ({"result_url": result_url} if status == "exported" else {})


def _v1_receipt(task: Task) -> dict[str, Any]:
    return {
        "task_id": task.task_id,
        "status": "pending",
        "total": len(task.phones),
        "message": "",
        "created_at": task.created_at,
    }


def _dice(rates: dict[str, float], seed: int, otherwise: Behaviour) -> Callable[..., Behaviour]:
    """Draws a behaviour by its rate; digits become an error code."""
    rng, lock = random.Random(seed), threading.Lock()

    def draw(*_: object) -> Behaviour:
        with lock:
            point = rng.random()
        for name, rate in rates.items():
            if point < rate:
                return int(name) if name.isdigit() else name
            point -= rate
        return otherwise

    return draw


def main() -> None:
    """Be a vendor until killed; prints its URL on standard output."""
    parser = argparse.ArgumentParser(prog="python -m tests.fake_vendor", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--accepted-file", type=Path, required=True)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds from acceptance to exported")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--fault-rate",
        action="append",
        default=[],
        metavar="NAME=P",
        help="accept_then_cut=0.1, 500=0.2, status:500=0.1, result:cut=0.1",
    )
    given = parser.parse_args()
    rates: dict[str, dict[str, float]] = {"submit": {}, "status": {}, "result": {}}
    for each in given.fault_rate:
        name, _, rate = each.partition("=")
        place, _, behaviour = name.rpartition(":")
        rates[place or "submit"][behaviour] = float(rate)
    fake_vendor = FakeVendor(
        _dice(rates["submit"], given.seed, "accept"),
        downloads=_dice(rates["result"], given.seed, "ok"),
        delay_s=given.delay,
        port=given.port,
        accepted_file=given.accepted_file,
    )
    fake_vendor.status_hook = _dice(rates["status"], given.seed, "")
    with fake_vendor:
        print(fake_vendor.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
