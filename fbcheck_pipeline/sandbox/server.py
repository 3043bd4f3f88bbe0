"""Starting and stopping the sandbox: in a thread of a test, or as a command of its own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
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

    Raises:
        ValueError: an unknown fault.
        OSError: the port is taken (on entering).
    """

    def __init__(self, port: int = 0, delay_s: float = 0.0, faults: Mapping[str, Any] | None = None) -> None:
        self._port = port
        self._faults = Faults(faults)
        self._book = TaskBook(delay_s)
        self.url = ""

    def __enter__(self) -> Sandbox:
        listener = socket.create_server((_HOST, self._port), backlog=512)  # queues connections before the server has started
        # Its connections have it, too; else an answer's body waits up to 40 ms until the client has acknowledged the headers.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.url = f"http://{_HOST}:{listener.getsockname()[1]}"
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
        port, delay_s, faults: of the `Sandbox`, which raises what is wrong with them.
        announce: called once with the URL, as soon as it can be connected to.
    """
    with Sandbox(port, delay_s, faults) as sandbox, suppress(KeyboardInterrupt):
        announce(sandbox.url)
        threading.Event().wait()


def _server(book: TaskBook, faults: Faults) -> uvicorn.Server:
    import uvicorn

    from .endpoints import build_app

    config = uvicorn.Config(
        build_app(book, faults),
        loop="asyncio",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        headers=[("X-Synthetic", "true")],
        timeout_graceful_shutdown=0,
    )
    return uvicorn.Server(config)
