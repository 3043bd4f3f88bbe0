"""The law of cells on the world's dirt: every number of the cell, whole, or a reason. Whoever is called is a person."""

from __future__ import annotations

from collections import defaultdict

import pyarrow as pa
import pytest

from fbcheck_pipeline.model.columns import schema_of
from fbcheck_pipeline.model.paths import RAW_PHONES
from fbcheck_pipeline.phones import Normaliser
from tests.world.chance import TIMES, chance_of
from tests.world.dirt import DirtyCell, dirty_cell

PARTS, CELLS = 4, 4_000 * TIMES


def numbers_of(cells: list[str], region: str) -> list[set[str]]:
    """What the list's normaliser makes of a column of cells, without having heard other cells."""
    columns = [
        pa.array(range(1, len(cells) + 1), pa.int64()),
        pa.array([0] * len(cells), pa.int16()),
        pa.DictionaryArray.from_arrays(pa.array([0] * len(cells), pa.int32()), pa.array(["tel"])),
        pa.array(cells, pa.string()),
    ]
    batch = pa.RecordBatch.from_arrays(columns, schema=pa.schema(schema_of(RAW_PHONES)))
    out = Normaliser(region).normalise(batch)
    found: list[set[str]] = [set() for _ in cells]
    for row, e164 in zip(out.column("source_row").to_pylist(), out.column("phone_e164").to_pylist(), strict=True):
        if e164:
            found[row - 1].add(e164)
    return found


@pytest.mark.parametrize("part", range(PARTS))
def test_no_cell_is_silently_wrong(part: int) -> None:
    """A stranger's number, or some numbers of a cell without the others, is wrong; nothing and all are right."""
    chance = chance_of("cells", part)
    by_region: defaultdict[str, list[DirtyCell]] = defaultdict(list)
    for _ in range(CELLS):
        cell = dirty_cell(chance)
        by_region[cell.region].append(cell)
    wrong, whole = [], 0
    for region, cells in by_region.items():
        for cell, found in zip(cells, numbers_of([each.text for each in cells], region), strict=True):
            whole += found == cell.truth
            if found and found != cell.truth:
                wrong.append((region, cell.text, sorted(cell.truth), sorted(found)))
    assert not wrong
    assert whole > CELLS // 3


SOLVED = {
    "(3) (Cep) 73 08 78 3\r\n": ("LU", "+3527308783"),
    "+43 3860 3672 9-17": ("AT", "+4338603672"),
    "+35230256 9-17": ("LU", "+35230256"),
    "(073) 04907\t.00": ("PY", "+5957304907"),
    "+39 059 213030. 1.": ("IT", "+39059213030"),
    "1) (06 35) 225 264 ²": ("HU", "+3635225264"),
    "2. 381676073429.0": ("RS", "+381676073429"),
    "2026-11-01: Handy 65 881 383": ("LV", "+37165881383"),
    "2. (+381 14 53177. (9-17 Uhr)": ("RS", "+3811453177"),
    "☎ (3) 658–965–168": ("LU", "+352658965168"),
    "098 889 298 (Max).0": ("HR", "+38598889298"),
    ">> (3) (07)  376  80  87 no SMS": ("SI", "+38673768087"),
    "390828357": ("IT", "+390828357"),
    "Ahmet Yılmaz (01) 8929115 (DE) 24/7": ("PE", "+5118929115"),
    "Müller, Hans: (83) 613 5461 - 99": ("CL", "+56836135461"),
    "(3) 91 83 77 24 (DE) no SMS": ("NO", "+4791837724"),
    "(0)391 417776": ("IT", "+39391417776"),
    "lat 41.0082 312 123 45 67": ("TR", "+903121234567"),
    "22 11 22 33 Ref: 99887766": ("NO", "+4722112233"),
    "nur 11-18 131.2002.0819": ("CN", "+8613120020819"),
    "2- 38 330": ("LU", "+35238330"),
    "1000-1600 / +36-20-124-4836": ("HU", "+36201244836"),
    "+٣٥٢ ٧٠ ٦٥٢ - 99<br/>661 287 226)": ("LU", "+352661287226 +35270652"),
    "2026-11-01: +6598052429 +1 - 6569165742</b>": ("SG", "+6569165742 +6598052429"),
    "+40 710 054 244 ext. 12 (privat), Tel. no: 031 1103 24/7": ("RO", "+40311103 +40710054244"),
    "https://api.whatsapp.com/send?phone=358-815-9548 -> +39 0143 2113": ("IT", "+3901432113 +393588159548"),
    "(34636-035 Maria) 067 267 3852 ::: > 022 665 281": ("AL", "+35522665281 +355672673852"),
    "(03690-542 O'Brien) 00358 40 123 4567": ("FI", "+358401234567"),
    "320 8830210 (9-17 Uhr)  TEL;TYPE=CELL:+576075565046 +1  940 8401262": ("CO", "+573208830210 +576075565046 +579408401262"),
    "+352~8420| - Ali ، 2344 €": ("LU", "+3522344 +3528420"),
    "2 628 064 854": ("LU", "+352628064854"),
    "+30 2735 802502;phone-context=example.com_+302635728270": ("GR", "+302735802502 +302635728270"),
}


@pytest.mark.parametrize("text", SOLVED)
def test_what_was_silently_wrong_once(text: str) -> None:
    """Found by this test, and mended."""
    region, numbers = SOLVED[text]
    found = numbers_of([text], region)[0]
    assert not found or found == set(numbers.split())
