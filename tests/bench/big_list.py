"""Lists of any length in little time: `python -m tests.bench.big_list ROWS PATH`; a hundred million rows take some minutes.

A CSV of id, phone, note: 40 % of the numbers Turkish in nine ways of writing, the others international; 10 % repeats, 5 % junk.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt
import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow.csv import CSVWriter, WriteOptions

SHARES = {"TR": 0.40, "US": 0.20, "DE": 0.12, "BR": 0.10, "IN": 0.10, "GB": 0.08}
ROWS_AT_ONCE = 500_000
JUNK, REPEATED = 0.05, 0.10
Texts: TypeAlias = "pa.Array[Any]"


def make_list(path: Path, rows: int) -> None:
    """Write a list; equal rows make equal lists."""
    rng, leads = np.random.default_rng(rows), {region: _leads_of(region) for region in SHARES}
    schema = pa.schema({"id": pa.int64(), "phone": pa.string(), "note": pa.string()})
    with CSVWriter(path, schema, write_options=WriteOptions(quoting_style="none")) as writer:
        for start in range(0, rows, ROWS_AT_ONCE):
            count = min(ROWS_AT_ONCE, rows - start)
            ids = np.arange(start + 1, start + count + 1)
            notes = _joined("n", pa.array(ids % 1000))
            writer.write_batch(pa.record_batch([pa.array(ids), _cells(rng, leads, count), notes], schema=schema))


def _leads_of(region: str) -> npt.NDArray[np.int64]:
    """National numbers without their last six digits, of which each six make a number in service."""
    metadata: Any = phonenumbers.PhoneMetadata.metadata_for_region(region)
    is_valid = re.compile("|".join(f"(?:{each.national_number_pattern})" for each in (metadata.mobile, metadata.fixed_line)))
    beyond = 10 ** (len(metadata.mobile.example_number) - 6)
    endings = ("000000", "123456", "555555", "987654")
    leads = (each for each in range(beyond // 10, beyond) if all(is_valid.fullmatch(f"{each}{end}") for end in endings))
    return np.fromiter(leads, np.int64)


def _cells(rng: np.random.Generator, leads: dict[str, npt.NDArray[np.int64]], count: int) -> Texts:
    region = rng.choice(len(SHARES), count, p=list(SHARES.values()))
    national = np.empty(count, np.int64)
    for number, each in enumerate(leads.values()):
        national[region == number] = rng.choice(each, np.count_nonzero(region == number)) * 1_000_000
    national += rng.integers(0, 1_000_000, count)
    repeats = np.flatnonzero(rng.random(count) < REPEATED)
    of = rng.integers(0, count, len(repeats))
    region[repeats], national[repeats] = region[of], national[of]
    way = np.where(region == 0, rng.choice(9, count, p=_SHARES_TR), rng.choice(3, count, p=_SHARES_ABROAD))
    way = np.where(rng.random(count) < JUNK, rng.integers(9, len(_WAYS), count), way)
    codes = np.array([phonenumbers.country_code_for_region(each) for each in SHARES])[region]
    pieces, order = [], np.argsort(way, kind="stable")
    for number, places in enumerate(np.split(order, np.searchsorted(way[order], np.arange(1, len(_WAYS))))):
        pieces.append(_WAYS[number](pa.array(codes[places]).cast(pa.string()), pa.array(national[places]).cast(pa.string())))
    back = np.empty(count, np.int64)
    back[order] = np.arange(count)
    return pa.concat_arrays(pieces).take(pa.array(back))


def _joined(*pieces: Texts | str) -> Texts:
    texts = [each if isinstance(each, str) else each.cast(pa.string()) for each in pieces]
    return cast(Texts, pc.binary_join_element_wise(*texts, ""))


def _part(text: Texts, start: int, stop: int | None = None) -> Texts:
    return cast(Texts, pc.utf8_slice_codeunits(text, start, stop))


_WAYS: list[Callable[[Texts, Texts], Texts]] = [
    lambda code, n: _joined("+", code, n),
    lambda code, n: _joined("+", code, " ", _part(n, 0, 3), " ", _part(n, 3, 6), " ", _part(n, 6)),
    lambda code, n: _joined("00", code, n),
    lambda code, n: _joined("0", _part(n, 0, 3), " ", _part(n, 3, 6), " ", _part(n, 6, 8), " ", _part(n, 8)),
    lambda code, n: _joined("0", n),
    lambda code, n: n,
    lambda code, n: _joined("0", _part(n, 0, 3), "-", _part(n, 3, 6), "-", _part(n, 6)),
    lambda code, n: _joined("(0", _part(n, 0, 3), ") ", _part(n, 3, 6), " ", _part(n, 6)),
    lambda code, n: _joined(code, n),
    lambda code, n: _joined("n/a", _part(n, 0, 0)),
    lambda code, n: _part(n, 0, 5),
    lambda code, n: _joined("user", _part(n, 0, 6), "@example.com"),
    lambda code, n: _joined(n, n),
    lambda code, n: _joined("0000", _part(n, 0, 0), "0000"),
    lambda code, n: _joined("call ", n),
]
_SHARES_TR = [0.20, 0.15, 0.07, 0.20, 0.15, 0.08, 0.07, 0.05, 0.03]
_SHARES_ABROAD = [0.50, 0.35, 0.15]


if __name__ == "__main__":
    make_list(Path(sys.argv[2]), int(sys.argv[1]))
