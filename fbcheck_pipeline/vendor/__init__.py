"""The wire to the vendor: submissions, status, downloads and the reading of results.

What to send, when, and what an outcome does to a chunk is decided elsewhere; here one call is one request. The names below are imported
when they are used: what only looks or rehearses needs no HTTP.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fbcheck_pipeline.vendor.client import VendorClient
    from fbcheck_pipeline.vendor.connections import Timeouts
    from fbcheck_pipeline.vendor.result_table import ResultTable, read_result
    from fbcheck_pipeline.vendor.task_snapshots import Balance, TaskSnapshot, TaskStatus
else:
    _MODULES = {
        "VendorClient": "client",
        "Timeouts": "connections",
        "ResultTable": "result_table",
        "read_result": "result_table",
        "Balance": "task_snapshots",
        "TaskSnapshot": "task_snapshots",
        "TaskStatus": "task_snapshots",
    }

    def __getattr__(name):
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


__all__ = ["Balance", "ResultTable", "TaskSnapshot", "TaskStatus", "Timeouts", "VendorClient", "read_result"]
