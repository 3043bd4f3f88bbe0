"""The vendor's two protocols over HTTP (Starlette), and the faults of the wire.

Heavy imports are fine here: `server` imports this module only when a sandbox starts.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from functools import partial
from typing import Any, cast

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from .faults import Faults
from .results import result_file
from .tasks import USD_PER_PHONE, Fate, Protocol, Task, TaskBook, parse_phones

_V1_ROWS = (100, 10_000_000)
_REFUSALS = {
    "submit_400": (400, "invalid_file"),
    "submit_401": (401, "invalid_api_key"),
    "submit_402": (402, "insufficient_balance"),
    "submit_429": (429, "too_many_requests"),
    "submit_500": (500, "internal_error"),
}
_PAGE = "<!doctype html><html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"


def build_app(book: TaskBook, faults: Faults) -> ASGIApp:
    """The ASGI application over a book of tasks."""
    vendor = _Vendor(book, faults)
    routes = [
        Route("/fb/api/simple/tasks", partial(vendor.submit, protocol="simple"), methods=["POST"]),
        Route("/fb/api/simple/tasks/{task_id}", vendor.status_simple),
        Route("/v1/tasks", partial(vendor.submit, protocol="v1"), methods=["POST"]),
        Route("/v1/gettasks", vendor.status_v1, methods=["POST"]),
        Route("/v1/balance", vendor.balance),
        Route("/results/{name}", vendor.result),
        Route("/sandbox/accepted", vendor.accepted),
    ]
    return Starlette(routes=routes, exception_handlers={HTTPException: _refused})


class _Vendor:
    def __init__(self, book: TaskBook, faults: Faults) -> None:
        self._book = book
        self._faults = faults

    async def submit(self, request: Request, protocol: Protocol) -> Response:
        self._book.posts += 1
        async with request.form() as form:
            _check_key(request)
            for name, (code, error) in _REFUSALS.items():
                if self._faults.strikes(name):
                    raise HTTPException(code, error, headers=self._retry_after(name))
            if self._faults.strikes("submit_lost"):
                return _CutResponse()
            phones = await _phones_of(form, protocol)
            task = self._book.accept(protocol, str(form.get("user_id") or ""), phones, self._draw_fate())
        lost = next((answer for name, answer in _LOST_RECEIPTS.items() if self._faults.strikes(name)), None)
        return lost() if lost else self._receipt(task)

    async def status_simple(self, request: Request) -> Response:
        return self._status(request, request.path_params["task_id"], "simple")

    async def status_v1(self, request: Request) -> Response:
        async with request.form() as form:
            return self._status(request, str(form.get("task_id")), "v1")

    async def balance(self, request: Request) -> Response:
        _check_key(request)
        spent = sum(len(task.phones) for task in self._book.tasks.values()) * USD_PER_PHONE
        return JSONResponse({"balance": round(1000 - spent, 6)})

    async def accepted(self, request: Request) -> Response:
        return JSONResponse(self._book.accepted())

    async def result(self, request: Request) -> Response:
        task = self._book.tasks.get(request.path_params["name"].partition(".")[0])
        if task is None or self._book.snapshot(task)["status"] != "exported":
            return _storage_error(404, "NoSuchKey")
        if request.query_params.get("signature") != str(task.signature):
            return _storage_error(403, "AccessDenied")
        if self._faults.strikes("result_403"):
            task.signature += 1
            return _storage_error(403, "AccessDenied")
        if self._faults.strikes("result_500"):
            return _storage_error(500, "InternalError")
        if self._faults.strikes("result_html"):
            return HTMLResponse(_PAGE.format("Sign in"))
        content = await run_in_threadpool(self._file_of, task)
        return _CutResponse(content) if self._faults.strikes("result_cut") else Response(content)

    def _file_of(self, task: Task) -> bytes:
        with self._book.building:
            if task.task_id not in self._book.files:
                self._book.files[task.task_id] = result_file(task, self._faults)
            return self._book.files[task.task_id]

    def _retry_after(self, name: str) -> dict[str, str] | None:
        return {"Retry-After": str(self._faults.option(name, "retry_after", 1))} if name == "submit_429" else None

    def _draw_fate(self) -> Fate:
        if self._faults.strikes("never_ends"):
            return "never_ends"
        return "fails" if self._faults.strikes("task_failed") else "exports"

    def _receipt(self, task: Task) -> Response:
        if task.protocol == "simple":
            return JSONResponse(task.receipt())
        kept = {key: task.receipt()[key] for key in ("task_id", "created_at", "status")}
        told = {"total": len(task.phones), "message": "task created", "estimated_amount": _cost(task)}
        return JSONResponse(kept | told, 202)

    def _status(self, request: Request, task_id: str, protocol: Protocol) -> Response:
        _check_key(request)
        if self._faults.strikes("status_500"):
            raise HTTPException(500, "internal_error")
        if self._faults.strikes("status_garbage"):
            return Response(b"\x00\xff{not json", media_type="application/json")
        task = self._book.tasks.get(task_id)
        if task is None or task.protocol != protocol or self._faults.strikes("status_404"):
            raise HTTPException(404, "task_not_found")
        answer = self._book.snapshot(task)
        if self._faults.strikes("status_backwards"):
            return JSONResponse(task.receipt())
        if self._faults.strikes("status_unknown"):
            return JSONResponse(answer | {"status": "archiving"})
        return JSONResponse(answer | self._export_fields(request, task, answer["status"]))

    def _export_fields(self, request: Request, task: Task, status: str) -> dict[str, Any]:
        if status != "exported":
            return {}
        ending = "xlsx" if task.protocol == "simple" else "zip"
        url = f"{request.base_url}results/{task.task_id}.{ending}?signature={task.signature}"
        amount = {"actual_amount": {"amount": _cost(task), "currency": "USD"}} if task.protocol == "v1" else {}
        return {"result_url": url} | amount


class _CutResponse(Response):
    """Sends half of the content, if there is any, then cuts the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.body:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await send({"type": "http.response.body", "body": self.body[: len(self.body) // 2], "more_body": True})
        _cut(receive)
        await _hung_up(receive)


class _SilentResponse(Response):
    """Sends no answer for as long as the client waits."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await _hung_up(receive)
        finally:  # a sandbox that ends cancels this, and uvicorn would answer 500
            _cut(receive)


def _cut(receive: Receive) -> None:
    # ASGI has no way to cut; uvicorn's `receive` is a method of the object that holds the transport.
    cast(Any, receive).__self__.transport.close()


async def _hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


_LOST_RECEIPTS: dict[str, Callable[[], Response]] = {
    "submit_accepted_then_cut": _CutResponse,
    "submit_hang": _SilentResponse,
    "submit_502": lambda: HTMLResponse(_PAGE.format("502 Bad Gateway"), 502),
    "submit_html": lambda: HTMLResponse(_PAGE.format("Please wait")),
    "submit_no_task_id": lambda: JSONResponse({"status": "pending", "total": 0}),
}


async def _phones_of(form: FormData, protocol: Protocol) -> array[int]:
    if protocol == "v1" and form.get("task_type") != "facebook":
        raise HTTPException(400, "invalid_task_type")
    upload = form.get("file")
    if not isinstance(upload, UploadFile):
        raise HTTPException(400, "file_missing")
    try:
        phones = parse_phones(await upload.read())
    except ValueError as error:
        raise HTTPException(400, f"invalid_file: {error}") from None
    if protocol == "v1" and not _V1_ROWS[0] <= len(phones) <= _V1_ROWS[1]:
        raise HTTPException(400, "invalid_batch_size")
    return phones


def _check_key(request: Request) -> None:
    if request.headers.get("X-API-Key", "").strip() in ("", "bad"):
        raise HTTPException(401, "invalid_api_key")


def _cost(task: Task) -> float:
    return round(len(task.phones) * USD_PER_PHONE, 6)


def _storage_error(code: int, name: str) -> Response:
    return Response(f"<?xml version='1.0'?><Error><Code>{name}</Code></Error>", code, media_type="application/xml")


async def _refused(request: Request, error: Exception) -> Response:
    refusal = cast(HTTPException, error)
    code, _, words = refusal.detail.partition(": ")
    return JSONResponse({"error": code, "message": words or code.replace("_", " ")}, refusal.status_code, refusal.headers)
