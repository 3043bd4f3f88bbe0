"""What was made of a list's files appears only while nothing personal was deleted since they were opened, and the list is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from fbcheck_pipeline.errors import StorageError
from fbcheck_pipeline.files.storage import BatchStream
from fbcheck_pipeline.workflow.workspace import Workspace


def guarded(
    ws: Workspace, list_key: str, stream: BatchStream, as_of: int | None = None, note: Callable[[], object] = lambda: None
) -> BatchStream:
    """The stream of a list's file that does not appear where something was deleted meanwhile.

    Args:
        as_of: the ledger's generation before the first file it is made of was opened; None for now.
        note: records, once the file stands, that it does; in the same transaction.
    """
    generation = ws.ledger.generation() if as_of is None else as_of

    @contextmanager
    def guard() -> Iterator[None]:
        with ws.ledger.together(), ws.ledger.undisturbed(generation) as is_current:
            if not is_current or ws.ledger.find_list(list_key) is None:
                raise StorageError(
                    f"personal data were deleted while a file of {list_key} was written, which is left out; run it again"
                )
            yield
            note()

    return replace(stream, guard=guard)
