"""Normalising, one class of cells a row, beside plain phonenumbers (parse, is_valid_number, E.164): processor seconds of one process.

    python -m tests.bench.dirty [ROWS [CLASS …]]        # default 50000, all classes; a minute

Each time includes learning and compiling. A sample of each class is read cell by cell, too: both must say the same.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable

import numpy as np
import phonenumbers
import pyarrow as pa

from fbcheck_pipeline.model.reasons import EXCLUDED_LINE_TYPES, LINE_TYPES
from fbcheck_pipeline.phones import Normaliser
from fbcheck_pipeline.phones.careful.cell_rules import outcomes_of
from tests.unit.phones.dirt import DRESSES, NO_NUMBERS, junk

REGION = "TR"
PLAIN_ROWS, SAMPLE = 5_000, 200
_EXCLUDED = {line_type for line_type in LINE_TYPES if line_type in EXCLUDED_LINE_TYPES}
Make = Callable[[random.Random], str]


def _digits(chance: random.Random) -> str:
    return "53" + "".join(chance.choices("0123456789", k=8))


def _written(chance: random.Random) -> str:
    number = _digits(chance)
    return f"0{number[:3]} {number[3:6]} {number[6:8]} {number[8:]}"


def _words(chance: random.Random, count: int) -> list[str]:
    return ["".join(chance.choices("abcdefghijklmnoprstuvyz", k=chance.randint(3, 9))) for _ in range(count)]


def _note(chance: random.Random) -> str:
    words = _words(chance, 14)
    return " ".join([*words[:7], _written(chance), *words[7:]])[:130]


def _long_note(chance: random.Random) -> str:
    """Of 200 characters, with a comma behind every third word."""
    words = [word + "," * (place % 3 == 0) for place, word in enumerate(_words(chance, 24), 1)]
    return " ".join([*words[:12], _written(chance), *words[12:]])[:200].rstrip(", ")


def _short_numbers(chance: random.Random) -> str:
    return ", ".join(str(chance.randint(10_000, 99_999)) for _ in range(24))


def _mixed(chance: random.Random) -> str:
    """Two cells of five are odd, of seventeen kinds."""
    if chance.random() < 0.6:
        return chance.choice((_written(chance), "+90" + _digits(chance), "0" + _digits(chance)))
    return chance.choice(_ODD)(chance)


def _dressed(dress: Callable[[str, str], str]) -> Make:
    return lambda chance: dress(written := _written(chance), "90" + written[1:].replace(" ", ""))


CLASSES: dict[str, Make] = {
    "plain, in groups": _written,
    "plain, bare": _digits,
    "a national float": lambda chance: _digits(chance) + ".0",
    "a national float with its 0": lambda chance: f"0{_digits(chance)}.0",
    **{name: _dressed(dress) for name, dress in DRESSES.items()},
    "a label behind": lambda chance: _written(chance) + " (ev)",
    "an extension": lambda chance: f"{_written(chance)} dahili {chance.randint(10, 999)}",
    "a WhatsApp link": lambda chance: "https://wa.me/90" + _digits(chance),
    "two, a slash": lambda chance: f"{_written(chance)} / {_written(chance)}",
    "two, a semicolon": lambda chance: f"0{_digits(chance)};0{_digits(chance)}",
    "two, a word": lambda chance: f"{_written(chance)} veya {_written(chance)}",
    "two, a blank": lambda chance: f"{_written(chance)} {_written(chance)}",
    "two, labelled": lambda chance: f"ev {_written(chance)} cep {_written(chance)}",
    "a country's name": lambda chance: f"Türkiye {_written(chance)}",
    "another country's name": lambda chance: f"Deutschland 030 {chance.randint(10**6, 10**7 - 1)}",
    "counted from one": lambda chance: f"1) {_written(chance)} 2) {_written(chance)}",
    "a percentage": lambda chance: f"{_written(chance)} {chance.randint(1, 99)}% {_words(chance, 1)[0]}",
    "hours": lambda chance: f"{_written(chance)} {chance.randint(7, 10)}-{chance.randint(16, 20)} {_words(chance, 1)[0]}",
    "an order": lambda chance: f"{_written(chance)} #{chance.randint(1000, 99_999)}",
    "a sum behind": lambda chance: (
        f"{_written(chance)} {chance.randint(1, 9)}.{chance.randint(100, 999)},{chance.randint(0, 99):02} €"
    ),
    "a signature": lambda chance: "{} {}\n{} GmbH\nTel: {}\nFax: {}".format(
        *_words(chance, 3), _written(chance), _written(chance)
    ),
    "a name behind": lambda chance: f"{_written(chance)} {_words(chance, 1)[0].title()}",
    "notes of 130 characters": _note,
    **{name: lambda chance, make=make: make("0" + _digits(chance)) for name, make in NO_NUMBERS.items()},  # type: ignore[misc]
    "distinct words": lambda chance: " ".join(_words(chance, 2)),
    "notes of 200 characters": _long_note,
    "dozens of short numbers": _short_numbers,
    "junk": junk,
    "two of five odd": _mixed,
}
_ODD = [*(CLASSES[name] for name in list(DRESSES)[:12]), *(CLASSES[name] for name in ("two, a slash", "an extension", "junk"))]
_ODD += [CLASSES["distinct words"], CLASSES["a WhatsApp link"]]


def _plain_seconds(cells: list[str]) -> float:
    """A cell, by phonenumbers alone."""
    began = time.process_time()
    for cell in cells:
        try:
            number = phonenumbers.parse(cell, REGION)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return (time.process_time() - began) / len(cells)


def _batch(cells: list[str]) -> pa.RecordBatch:
    count = len(cells)
    return pa.record_batch(
        {
            "source_row": pa.array(np.arange(1, count + 1)),
            "phone_index": pa.array(np.zeros(count, np.int16)),
            "phone_column": pa.array(["phone"] * count).dictionary_encode(),
            "phone_raw": pa.array(cells, pa.string()),
        }
    )


def _our_seconds(cells: list[str]) -> tuple[float, pa.Table, Normaliser]:
    """A cell, learning and compiling included; the phones."""
    batch, normaliser = _batch(cells), Normaliser(REGION)
    parts = [batch.slice(begin, 65_536) for begin in range(0, len(cells), 65_536)]
    began = time.process_time()
    phones = [normaliser.normalise(part) for part in normaliser.learn(parts)]
    return (time.process_time() - began) / len(cells), pa.Table.from_batches(phones), normaliser


def _unequal(cells: list[str], phones: pa.Table, normaliser: Normaliser) -> int:
    """How many of the first cells the careful path reads in another way."""
    found: dict[int, list[str | None]] = {}
    for row, e164 in zip(phones["source_row"].to_pylist(), phones["phone_e164"].to_pylist(), strict=True):
        found.setdefault(row, []).append(e164)
    says = normaliser.votes["phone"].says()
    careful = [[None if each.line_type in _EXCLUDED else each.e164 for each in outcomes_of(cell, REGION, says)] for cell in cells]
    return sum(found[row] != each for row, each in enumerate(careful, 1))


def main(arguments: list[str]) -> None:
    """Print the table."""
    rows = int(arguments[0]) if arguments else 50_000
    only = arguments[1:]
    print(f"{'cells':32} {'plain us':>9} {'ours us':>9} {'x plain':>8} {'unequal':>8}")
    for name, make in CLASSES.items():
        if only and name not in only:
            continue
        chance = random.Random(1)
        cells = [make(chance) for _ in range(rows)]
        plain = _plain_seconds(cells[:PLAIN_ROWS])
        ours, phones, normaliser = _our_seconds(cells)
        unequal = _unequal(cells[:SAMPLE], phones, normaliser)
        print(f"{name:32} {plain * 1e6:9.2f} {ours * 1e6:9.2f} {plain / ours:8.1f} {unequal:8}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
