"""The wire to the vendor: submissions, status, downloads and the reading of results.

What to send, when, and what an outcome does to a chunk is decided elsewhere; here one call is one request.
"""

from fbcheck_pipeline.vendor.client import VendorClient
from fbcheck_pipeline.vendor.connections import Timeouts
from fbcheck_pipeline.vendor.result_table import ResultTable, read_result
from fbcheck_pipeline.vendor.task_snapshots import Balance, TaskSnapshot, TaskStatus, timestamp_us

__all__ = ["Balance", "ResultTable", "TaskSnapshot", "TaskStatus", "Timeouts", "VendorClient", "read_result", "timestamp_us"]
