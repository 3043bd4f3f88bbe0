"""A lineage document as a join writes it, for tests of what is made from it."""

from typing import Any

COUNTS = {
    "rows": 100, "phones": 120, "checked": 80, "reused": 15, "rejected": 20, "suppressed": 0, "undetermined": 5,
    "unconfirmed": 0, "waiting": 0, "refused": 0, "over_budget": 0,
}  # fmt: skip


def lineage(**changes: Any) -> dict[str, Any]:
    """A finished list of 120 phones; keyword arguments override."""
    task = {
        "task_id": "task-1", "chunk_key": "chunk-1", "phones": 70, "state": "collected", "bought": 70, "tries": 1, "answers": 70,
        "submitted_at": "2026-11-24T12:00:00.000Z", "exported_at": "2026-11-24T12:28:30.450567423Z",
        "collected_at": "2026-11-24T12:29:00.000Z", "total": 70, "success": 70, "failure": 0, "result_sha256": "ab",
        "result_counts": {},
    }  # fmt: skip
    return {
        "list_key": "list-00000000",
        "source": {
            "name": "list", "file": "list.csv", "sha256": "00" * 32, "size_bytes": 5_000, "format": "csv", "rows": 100,
            "phone_columns": ["phone"], "has_header": True, "sheet": None, "encoding": "utf-8", "delimiter": ",",
            "region_column": None, "region": "TR",
            "reasons": ["Phone column 'phone': chosen by name.", "Numbers without a country code are read as TR's."],
        },
        "held": None,
        "confirmed_at": None,
        "rejects": [
            {"column": "phone", "cells": 120, "reason": "empty", "count": 15, "examples": [], "remedy": "nothing"},
            {"column": "phone", "cells": 120, "reason": "too_short", "count": 5, "examples": ["## ##"], "remedy": "check --column"},
        ],
        "counts": COUNTS,
        "complete": True,
        "verdicts": {"yes": 60, "no": 30, "ban": 5},
        "distinct": {"yes": 54, "no": 27, "ban": 4, "none": 5},
        "verdict_times": {
            "oldest": "2026-11-20T12:00:00.000Z", "median": "2026-11-24T12:28:30.450Z", "newest": "2026-11-24T12:28:30.450Z",
        },
        "previous": None,
        "breakdown": {
            "country": {"TR": {"yes": 60, "no": 20, "ban": 5, "none": 0}, "CH": {"yes": 0, "no": 10, "ban": 0, "none": 5}},
            "line_type": {"mobile": {"yes": 60, "no": 30, "ban": 5, "none": 5}},
            "reject_reason": {"empty": 15, "too_short": 5},
        },
        "billing": {"distinct": 90, "billed": 70, "perhaps_billed": 0, "reused": 12, "repeats": 13, "cost": None, "saved": None},
        "verdict_counts": {
            "tasks": 1, "rows": 70, "repeated": 0, "conflicting": 0, "unknown_labels": 0, "unreadable_numbers": 0, "extra": 0,
            "missing": 0, "undetermined": 0,
        },
        "discrepancies": [],
        "tasks": [task],
        "columns": {},
        "settings": {"price_per_10k": None, "region": "TR", "data_uri": "/nowhere"},
        "versions": {"fbcheck_pipeline": "0", "phonenumbers": "9"},
        "run_id": "11111111-2222-4333-8444-555555555555",
        "purpose": None,
        "synthetic": False,
        "created_at": "2026-11-24T12:30:00.000Z",
        **changes,
    }  # fmt: skip
