"""The faults that can be switched on, by name, and when each strikes. `endpoints` and `results` carry them out."""

from __future__ import annotations

import random
import threading
from collections.abc import Mapping
from typing import Any

FAULTS: dict[str, str] = {
    # name: what happens. "accepted" means counted, as the real vendor would bill it.
    "submit_400": "400 with the vendor's JSON; not accepted",
    "submit_401": "401 with the vendor's JSON; not accepted",
    "submit_402": "402 with the vendor's JSON; not accepted",
    "submit_429": "429 with Retry-After; not accepted. Option retry_after: seconds or an HTTP date, default 1",
    "submit_500": "500 with the vendor's JSON; not accepted",
    "submit_lost": "the connection is cut after the upload; not accepted",
    "submit_accepted_then_cut": "accepted, then the connection is cut without an answer",
    "submit_hang": "accepted, then silence until the client hangs up",
    "submit_502": "accepted, then a 502 page of a gateway in between",
    "submit_html": "accepted, then an HTML page with status 200",
    "submit_no_task_id": "accepted, then JSON without task_id",
    "status_500": "500 with the vendor's JSON",
    "status_404": "404, as if the task were not known yet",
    "status_garbage": "200 with bytes that are no JSON",
    "status_backwards": "the status is pending again, with total 0",
    "status_unknown": "the status is an undocumented word: archiving",
    "never_ends": "a task, drawn when accepted, stays at 80 % forever",
    "task_failed": "a task, drawn when accepted, ends as failed with a message",
    "result_403": "403, and the URL stays invalid; the next status has a fresh one",
    "result_500": "500 of the object storage",
    "result_cut": "half of the file, then the connection is cut",
    "result_html": "an HTML page with status 200 in place of the file",
    "result_csv": "a file, drawn when first built, is a CSV although its name says otherwise",
    "result_missing_rows": "a file, drawn when first built, lacks every tenth row",
    "result_extra_rows": "a file, drawn when first built, has three rows that were never sent",
    "result_conflicts": "a file, drawn when first built, has every tenth number twice, with two labels",
    "result_odd_labels": "a file, drawn when first built, has labels such as `YES`, ` No `, and one unknown word in twenty",
    "result_numbers": "a file, drawn when first built, has spreadsheet numbers without + (in CSV: digits without +)",
    "result_summary_sheet": "a file, drawn when first built, has a summary sheet before the table",
}


class Faults:
    """The faults that are switched on. A fault's value says when it strikes:

    `true` always; an integer n the next n times; a fraction below 1 with that probability (seeded, so repeatable);
    an object holds options of the fault beside `times`, which is one of the values above (default 1).
    """

    def __init__(self, switched_on: Mapping[str, Any] | None = None, *, seed: int = 0) -> None:
        self._lock = threading.Lock()
        self._seed = seed
        self.switch(switched_on or {})

    def switch(self, switched_on: Mapping[str, Any]) -> None:
        """Replace all faults by these.

        Raises:
            ValueError: an unknown fault or a value that does not say when the fault strikes.
        """
        if unknown := sorted(set(switched_on) - set(FAULTS)):
            raise ValueError(f"unknown fault {', '.join(unknown)}; known are {', '.join(FAULTS)}")
        options = {name: value if isinstance(value, Mapping) else {"times": value} for name, value in switched_on.items()}
        times = {name: _checked(name, option.get("times", 1)) for name, option in options.items()}
        with self._lock:
            self._options, self._times = options, times
            self._dice = {name: random.Random(f"{self._seed}:{name}") for name in options}

    def strikes(self, name: str) -> bool:
        """Whether this fault happens now; each call uses up one count."""
        with self._lock:
            times = self._times.get(name, False)
            if isinstance(times, bool):
                return times
            if isinstance(times, float):
                return self._dice[name].random() < times
            self._times[name] = max(0, times - 1)
            return times > 0

    def option(self, name: str, key: str, default: Any) -> Any:
        """An option of a fault that was given as an object."""
        with self._lock:
            return self._options[name].get(key, default)


def _checked(name: str, times: object) -> bool | int | float:
    if isinstance(times, bool) or (isinstance(times, int) and times >= 0) or (isinstance(times, float) and 0 <= times < 1):
        return times
    raise ValueError(f"fault {name}: give true, a whole number of times, or a probability below 1")
