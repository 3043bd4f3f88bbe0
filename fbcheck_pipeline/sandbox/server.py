"""Starting and stopping the sandbox: in a thread of a test, or as a command of its own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from .faults import Faults
from .tasks import TaskBook

if TYPE_CHECKING:
    import uvicorn

# Loopback only: the sandbox is not meant for a network.
_HOST = "127.0.0.1"


class Sandbox:
    """A vendor on loopback that lives as long as the `with` block.

        with Sandbox(faults={"submit_500": 2}) as sandbox:
            run(api_url=sandbox.url)
            assert sandbox.accepted()["most_per_phone"] == 1

    Args:
        port: 0 selects a free port.
        delay_s: seconds from submission to `exported`; 0 exports at once.
        faults: see `FAULTS` and `Faults`.
        seed: of the faults' probabilities.

    Raises:
        ValueError: an unknown fault.
        OSError: the port is taken (on entering).
    """

    def __init__(self, port: int = 0, delay_s: float = 0.0, faults: Mapping[str, Any] | None = None, *, seed: int = 0) -> None:
        self._port = port
        self._faults = Faults(faults, seed=seed)
        self._book = TaskBook(delay_s)
        self.url = ""

    def __enter__(self) -> Sandbox:
        listener = _listen(self._port)
        self.url = _url_of(listener)
        self._server = _server(self._book, self._faults)
        self._thread = threading.Thread(target=self._server.run, args=([listener],), name="sandbox", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.should_exit = self._server.force_exit = True
        self._thread.join()

    def accepted(self) -> dict[str, int]:
        """What was accepted so far, as `GET /sandbox/accepted`: `tasks phones distinct most_per_phone posts`."""
        return self._book.accepted()

    def switch_faults(self, faults: Mapping[str, Any]) -> None:
        """Replace all faults from now on; {} switches every fault off.

        Raises:
            ValueError: an unknown fault.
        """
        self._faults.switch(faults)


def serve(port: int, delay_s: float, faults: Mapping[str, Any], announce: Callable[[str], None] = lambda url: None) -> None:
    """Serve until interrupted.

    Args:
        port: 0 selects a free port.
        delay_s: seconds from submission to `exported`.
        faults: see `FAULTS` and `Faults`.
        announce: called once with the URL, as soon as it can be connected to.

    Raises:
        ValueError: an unknown fault.
        OSError: the port is taken.
    """
    server = _server(TaskBook(delay_s), Faults(faults))
    with _listen(port) as listener:
        announce(_url_of(listener))
        try:
            server.run([listener])
        except KeyboardInterrupt:
            return


def _listen(port: int) -> socket.socket:
    """A socket that already queues connections, so that callers need not wait for the server to start."""
    listener = socket.create_server((_HOST, port), backlog=512)
    listener.setblocking(False)
    return listener


def _url_of(listener: socket.socket) -> str:
    return f"http://{_HOST}:{listener.getsockname()[1]}"


def _server(book: TaskBook, faults: Faults) -> uvicorn.Server:
    import uvicorn

    from .app import build_app

    config = uvicorn.Config(
        build_app(book, faults),
        loop="asyncio",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=0,
    )
    return uvicorn.Server(config)
