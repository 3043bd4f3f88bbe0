"""Dirty cells in vectors: each becomes what the careful path makes of it, and a column of one dirt is not read cell by cell."""

from __future__ import annotations

import random
import re
import sys
import tracemalloc
from collections.abc import Callable
from itertools import product

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fbcheck_pipeline.model.reasons import EXCLUDED_LINE_TYPES
from fbcheck_pipeline.phones import phone_reader
from fbcheck_pipeline.phones.dirty import rejects
from fbcheck_pipeline.phones.dirty.cleared import cleared
from fbcheck_pipeline.phones.dirty.countries_named import names_country
from fbcheck_pipeline.phones.dirty.undress import LETTERS, in_ascii, replaced, replaced_where, written_for
from fbcheck_pipeline.phones.fast.digits import digit_counts, digits_as_one
from fbcheck_pipeline.phones.fast.terms import COUNTRIES, NONE, Mask, Says
from fbcheck_pipeline.phones.phone_batches import outcomes_from
from fbcheck_pipeline.phones.phone_reader import PhoneReader
from fbcheck_pipeline.phones.ways import way_asker
from fbcheck_pipeline.phones.ways.all_ways import WAYS
from fbcheck_pipeline.phones.ways.cells import Cells, none_of
from fbcheck_pipeline.phones.ways.one_number import in_hyperlink, one_undressed
from fbcheck_pipeline.phones.ways.way_asker import Way, WayAsker, of_shape
from fbcheck_pipeline.text.cell_words import EXTENSION_WORDS
from fbcheck_pipeline.text.decorations import to_ascii
from fbcheck_pipeline.text.digit_runs import LABEL
from fbcheck_pipeline.text.digit_runs import LETTERS as LETTERS_APART
from tests.unit.phones.corpus import NO_REGION, Cell, number_of, patterns_of_numbers, read_carefully, word_of
from tests.unit.phones.dirt import DRESSES, NEAR_MISSES, NO_NUMBERS, groups, junk, several

ReadAtOnce = Callable[[Cell], list[object]]


@pytest.fixture(scope="module")
def reader(path: object) -> PhoneReader:
    """The session's compiled fast path inside a reader."""
    made = PhoneReader(EXCLUDED_LINE_TYPES)
    made.asker.fast_path = path  # type: ignore[assignment]
    return made


@pytest.fixture
def read_at_once(reader: PhoneReader, monkeypatch: pytest.MonkeyPatch) -> ReadAtOnce:
    """What becomes of a cell in vectors; a test fails where the cell is read one by one."""
    monkeypatch.setattr(phone_reader, "outcomes_of", lambda *_, **__: pytest.fail("read one by one"))
    return lambda cell: read_cells(reader, [cell])[0]


def read_cells(reader: PhoneReader, cells: list[Cell]) -> list[list[object]]:
    """What became of each cell."""
    texts, regions, says = zip(*cells, strict=True)
    phones = reader.read(Cells(np.arange(len(cells)), pa.array(texts, pa.string()), np.array(regions), np.array(says)))
    found: list[list[object]] = [[] for _ in cells]
    for row, outcome in zip(phones.row, outcomes_from(phones), strict=True):
        found[row].append(outcome)
    return found


def disagreements(reader: PhoneReader, cells: list[Cell]) -> list[object]:
    """What a list of these alone becomes; which way comes first depends on what was read before."""
    reader.asker._read_by.clear()
    reader.asker._asked_of.clear()
    read = zip(cells, read_cells(reader, cells), strict=True)
    return [(cell, outcomes) for cell, outcomes in read if outcomes != read_carefully(*cell)]


def numbers_of(chance: random.Random, count: int) -> list[tuple[int, str, str]]:
    """Regions, numbers as written there, and with their calling codes."""
    found = []
    for territory, pattern in chance.sample([each for each in patterns_of_numbers() if each[0] < len(COUNTRIES)], count):
        national, trunk = word_of(pattern, chance), chance.choice(("0", "", ""))
        found.append((territory, trunk + groups(national, chance), f"{number_of(territory, '1').country_code}{national}"))
    return found


def _dressed(chance: random.Random, count: int, dresses: dict) -> list[Cell]:
    cells = []
    for territory, written, digits in numbers_of(chance, count):
        for dress in dresses.values():
            number = chance.choice((digits, digits, written.replace(" ", "").strip("()0-") or digits))
            cells.append((dress(written, number if number.isdigit() else digits), territory, chance.choice(list(Says))))
    return cells


@pytest.mark.parametrize("dresses", [DRESSES, NEAR_MISSES], ids=["dressed", "near misses"])
def test_what_is_undressed_is_what_the_careful_path_reads(reader: PhoneReader, dresses: dict) -> None:
    """A decoration may go only where nothing else can be meant."""
    assert not disagreements(reader, _dressed(random.Random(1), 15, dresses))


TRAPS: dict[str, tuple[str, ...]] = {
    "GB": ("Deutschland2969",),
    "NC": ("whatsapp 0944778",),
    "MM": ("€0 24-51 05;66-3 68769",),
    "MS": ("6644915579 dahili 4",),
    "PH": ("10885) 08982403449",),
    "KM": ("Deu\u200btschland 750 786",),
    "PW": ('="0060587817,"',),
    "TR": (
        "Ali K tel: 0532 123 45 67",
        "39 sms: +905321234567",
        "TEL;TYPE=C,LL:3080051173419",
        "41.0082, 28.9784\u2b50",
        "05321234567 Ev | 41.0082 N 28.9784 E",
        "0532 123 45 67 - Ali Veli, 41.0082, 28.9784",
        "0532 123 45 67 41.0082\xb0N 28.9784\xb0E",
        "5321234567.05",
        "5321234567.01",
        "5321234567,05",
        "9.0532123456E+11",
        "9.05321234567E+10",
        "1.3456230309E+-11",
        "tel05321234567",
        "0539 980 59 26 Suna0532 123 45 67",
        "Tel 5 321234567",
        "5321234567.0 kim@example.com",
        "-5321234567 kim@example.com",
        "0532 123 45 67 kim@c.us",
        "444 1234 a5321234@example.com",
        "Ali 0 5 3 2 1 2 3 4 5 6 7",
        "0532 123 45 67|+905331234567|@",
        "0532 12 34 5 6 7 0533 12 34 567",
        "0532 123 45 67 VE 0533 123 45 67",
        "0532 123 45 67,50 €",
        "0532 123 45 67 ET 0533 123 45 67 AND 0534 123 45 67",
        "+9053212345\u017f67",
        "0501 {cep}2345678",
        "2kat 501234567... TL",
        "5a 050123456*** - TL",
        "12 0532 123 45 67",
        "0532 1234567 1234 tel 3. cep; 0533 1234567",
        "ali, tel05321234567, 05331234567",
        "item1.tel:05321234567",
        "www.x05321234567",
        "\u017f0532 123, 45 67",
        "None+0532123456789012",
        "x7www.",
        "T(ev)3 05321234567",
        "(ev)ev05321234567",
        "x \U0001f1e9\U0001f1ea 030123456",
        "-5321234567",
        "\u260e-5321234567",
        "#5321234567!",
        "#5321234567/ev!",
        "\u260e5321234567!",
        "05321234567|(",
        "0532 123 45 67 (ev) ?",
        "+905321234567 ?(ev)",
        "0532 123 45 67 ,(ev)(",
        "0532 123 45 67 (ev)! ()(ev Ali):",
        "0532 123 45 67,'((ev)",
        '0532 123 45 67 ")/(ev);(ev Ali)',
        "Max('/ 0532 123 45 67,)(ev Ali)/",
        "WA.ME/ 0532 123 45 67",
        "(ev)kim@example.com 0532 123 45 67",
        "kim@example.com(ev) 0532 123 45 67",
        "0532 123 456 7 kim@example.com",
        "0532 05.11.2026 123 45 67",
        "0212 555 12 34 05.11.2026 0 06.11.2026 532 123 45 67",
        "0532 9:00-17:30 123 45 67",
        "0532 €12.50 123 45 67",
        "(0532) kim@example.com 123 45 67",
        "0532 / www.example.com / 123 45 67",
    ),
    "DE": (
        "2024-06-4",
        "12.05.2024  33.4489, -70.6693(9-17)",
        "301,234.0",
        "Bahnhofstr. 66 66004 Ulm",
        "Am Markt 812  70183 - Rom",
        "030 1234 567 12 kim@example.com",
        "030 123456 2 ev",
        "#491644 049015123438989",
        "030 123456 2 (ev)",
        "030 5342 CELL",
        "+49 30 539222 IS",
        "Tel 3 030123456",
        "mißing",
        "(21) 7549-0383",
        "0 4918095857",
        "823 166 -08353",
        "(0603- - 20-02-796",
        "n/a",
        "+49 1512 34567 03; 3012344",
        "0301234/3012345",
        "4930123458; 89  30.11.1995",
        "030 123456 ev 030 12 30.11.1995",
        "978-3-16-148410-0",
        "ISBN-13: 978-3-16-148410-0",
        "9.30-17.00 78 6 8821",
        "55.4087 39.453348",
        "13 898 20.0",
        "1-080089364697 2-01686",
        "978-3-362-28115-3",
        "03/03/63",
        "03.46 18061164",
        "17.249.195.83",
        "164.167.170.137",
        "257-7507/29",
        "41-01386481",
        "0700-87854350-070018724250",
        "0416289-0704002",
        "70062/35/23/31/05",
        "030 1234567 oder 0151 23456789",
        "030 1234567 Max 5.1.2026",
        "030 1234567 Max 5.11.",
        "240891 Max 030 1234567.. foo",
        "12-3456 Max 78 0151 12345678",
        "Max 030 1234567 ext 123",
        "030 1234567 8h-18h",
        "Ref wa.me/4915112345678",
        "Order www.240891",
        "Order 41798284651",
        "030 1234567 ab 18:00 Uhr",
        "03641 198418 ab 15:00 Uhr",
        "1815434285 - 1643067 0810860 oder 70049702967, 070060713435 Max 0463998578; 324572 / 595775\n6915 tel 034. 164856 714689"
        " - 18014892; 95\n05 Ali 452501 oder 01809049874",
        "240891;Tel. 0351 4567 12",
        "09742 20 7.00-14.30",
        "Raum 302-7352",
    ),
    "BG": ("IS.097 163 964", "is.097 163 964", "IS TEL +13201490"),
    "BR": (
        "(82) 2021-01-30,1123962314",
        "139-60737549-09609",
    ),
    "BF": ("02 09 2037 04406998",),
    "SO": ("05720870 02 10 1929",),
    "LI": ("08702859 02012074",),
    "CI": ("21 23 4 58821,(27) 2022-07-27",),
    "CZ": ("<b>298 409 975</b>", "298 409 975 kim@example.com"),
    "EG": ("2057330959,0, kim@example.com", "kim@example.com 20,573,309,590"),
    "FI": (
        "22832/261014-XZX",
        "045 6472; (ev))",
        "24.1.2070\t19:03; +36307836896-",
        "(Max) 045 6472 12,50€",
        "11/10/1927",
        "07.2039 15.24 5957",
        "50.1423.0",
        "439 53 01711 85",
        "085606 | Tel. 0800 844728 | 085606",
    ),
    "SE": ("0 462 07706", "0 2467(8)0 8037)48(;", "47/07225/90411", "903-4947492 9-17"),
    "ES": ("Phone: 612 361599 mom",),
    "DK": ("22 34 56 78, 2345-6789", "5715/2024"),
    "CH": ("79/56/79/485",),
    "LU": (
        "(Numara) 71145",
        "20201234Kl. 666",
        "3963,97 Türkei",
        "+352-628-569-033 5/12/2020 € 15",
        "3- 523564",
        "93 16 53 902 | +352628123456 veya 93 16 53 902",
        "628123456, +352655706436; 628123456",
        "4124-89274-4",
        "8910-19",
    ),
    "ID": ("(157,93 €)", "+62 812-477-011 12)", "0813-9888-842 20,-", "+62 812-477-011 12) / Ali", "Tel 000 83 055(3)11 80850)"),
    "NZ": ("021 737 697 2 👤",),
    "NG": ("+234 800 347 3404 20,- 0800 46580 832203",),
    "EE": ("8890536\n56-94 7319 or 8890536",),
    "JP": ("4'463'693'605",),
    "RO": (
        "🇧🇾 294911911",
        "0357 348 139 www.example.com/€ 12,50+4035375684|",
    ),
    "IT": (
        "00390566 0915 - 5",
        "0199 416 -0786",
        ".0199 416 78.6",
        "39  05669155",
        "(0)391 417776",
        "0-391-417776",
        "+39 (0)391 417776",
        "0039 (0)391 417776",
        "0812-153-446 8-16",
        "39 (0)391 417776",
        "U.K. 07400 250251",
        "U.A.E. 050 872 2914",
        "390828357",
        "0 39 83516990",
        "+39 (0)3246/816442",
        "847188 | Tel. 05510553470 | Tel. 0803561",
    ),
    "NO": (
        "02861 - 2",
        "9395/6092/1-ÖZ",
        "Kari 22112233 Ola 99887766",
        "Ref 99887766",
        "T 99887766",
        "085 3 3-218",
    ),
    "US": ("Tel 1 900 5574632", "wa.me/16502530000", "175785628.00.", "12.08.2019 7.21 / +12015572566", "46442-313-58"),
    "AT": (
        "+4390176 1042614 3-22",
        "wa.me/6597345425",
        "01 51234 01 54321",
        ")-.# 50590",
        "1234 01 234567",
        "66 41 23 476, 6412347",
        "0664123473; 1234567876",
        "0664123898, 27.13.2011 2078",
        "01116 Ali, 0664 123473",
        "62425244/8106480809",
        "51-78-43-51",
        "6484624 | 6484624 | Tel. 50706727369",
    ),
    "IN": ("0(0008) 002432591",),
    "BT": ("T,el0097517749809",),
    "BO": ("T|el8: 2/8238800", "T⭐el8: 2/8238800"),
    "IS": ("+4921234 12.05.2020", "12.05.2020 0049 2123 4"),
    "IR": ("(00 (989))05982 87 99", "0938 0856823 4277 gelb 0 Uhr 1950.06.06"),
    "SK": ("0690 123 456 ext 122)",),
    "KW": ("(0096 54110 83 53",),
    "HN": ("9123-4567 alle 22 n 2++504-2290-5868 1* 🇹🇷",),
    "RU": ("810-7-495-223-4567",),
}


@pytest.mark.parametrize("region", TRAPS)
def test_no_trap_is_undressed(reader: PhoneReader, region: str) -> None:
    """Each would fall through one guard if it were missing (`tests.mutation.fast_path`)."""
    assert not disagreements(reader, [(text, COUNTRIES.index(region), says) for text in TRAPS[region] for says in Says])


@pytest.fixture(scope="module")
def cells_of_all_kinds(reader: PhoneReader) -> list[tuple[Cell, list[object]]]:
    """Traps, what surely holds no number, and junk; and what the careful path says of each."""
    chance = random.Random(4)
    cells = [(text, COUNTRIES.index(region), Says.NOTHING) for region, texts in TRAPS.items() for text in texts]
    cells += [(make("05321234567"), COUNTRIES.index("TR"), Says.NOTHING) for make in NO_NUMBERS.values()]
    cells += [("538218,05 TL", COUNTRIES.index("RO"), Says.NOTHING), ("fax:3", COUNTRIES.index("AT"), Says.NOTHING)]
    cells += [(junk(chance), COUNTRIES.index(chance.choice(("TR", "DE", "US"))), Says.NOTHING) for _ in range(800)]
    return [(cell, read_carefully(*cell)) for cell in cells if len(cell[0]) <= 250]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_each_way_alone_is_right(
    reader: PhoneReader, monkeypatch: pytest.MonkeyPatch, cells_of_all_kinds: list[tuple[Cell, list[object]]], way: Way
) -> None:
    """A list's own cells tell which way comes first, so none may rely on another before it."""
    monkeypatch.setattr(phone_reader, "WAYS", (way,))
    monkeypatch.setattr(way_asker, "CELLS_IN_VAIN", 10**9)  # it is asked of every cell, however few of them it reads
    cells, expected = zip(*cells_of_all_kinds, strict=True)
    assert [each for each in zip(cells, read_cells(reader, [*cells]), expected, strict=True) if each[1] != each[2]] == []


def test_the_way_that_reads_the_first_cells_is_tried_first(reader: PhoneReader, monkeypatch: pytest.MonkeyPatch) -> None:
    """A column of one kind of cells is looked at by one way, whichever it is; only its first cells by those before it."""
    looked_at: list[int] = []
    before, last = WAYS[0], WAYS[-1]

    def counting(of: WayAsker, cells: Cells, plain: pa.StringArray) -> object:
        looked_at.append(len(plain))
        return before(of, cells, plain)

    monkeypatch.setattr(phone_reader, "WAYS", (counting, last))
    cell = ("2026-11-29 08:15:07 Ali 0532 123 45 67", COUNTRIES.index("TR"), Says.NOTHING)
    fresh = PhoneReader(EXCLUDED_LINE_TYPES)
    fresh.asker.fast_path = reader.asker.fast_path
    assert read_cells(fresh, [cell] * 5000) == [read_carefully(*cell)] * 5000
    assert sum(looked_at) <= 2 * phone_reader.CELLS_FIRST


def test_a_way_that_reads_none_of_the_first_cells_is_not_asked_for_all_others(
    reader: PhoneReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty ways that find nothing take as long as to read a few thousand cells one by one."""
    asked_for: list[int] = []

    def in_vain(of: WayAsker, cells: Cells, plain: pa.StringArray) -> object:
        asked_for.append(len(plain))
        return none_of(cells)

    monkeypatch.setattr(phone_reader, "WAYS", (in_vain,))
    cell = ("0532 123 45 67, 2. Kat", COUNTRIES.index("TR"), Says.NOTHING)
    fresh = PhoneReader(EXCLUDED_LINE_TYPES)
    fresh.asker.fast_path = reader.asker.fast_path
    assert read_cells(fresh, [cell] * 5000) == [read_carefully(*cell)] * 5000
    assert sum(asked_for) <= phone_reader.CELLS_FIRST


@pytest.mark.parametrize(("read", "of_first", "asked_for"), [(0, 0, [300, 5000]), (200, 200, [40, 299, 300, 5000]), (0, 200, [])])
def test_a_way_is_asked_where_it_likely_reads_as_many_cells_as_its_arrays_take(
    reader: PhoneReader, read: int, of_first: int, asked_for: list[int]
) -> None:
    """Fifteen ways of which the first cells told nothing took longer for the last hundred than to read these one by one."""
    asked: list[int] = []

    def way(of: WayAsker, cells: Cells, plain: pa.StringArray) -> tuple[object, Mask]:
        asked.append(len(plain))
        return none_of(cells)

    for count in (40, 299, 300, 5000):
        asker = WayAsker(reader.asker.fast_path, costly=WAYS[-1])
        asker.fewest = 20
        asker.count(way, of_first, read)
        numbers = np.zeros(count, np.int64)
        asker.first_of((way,), Cells(numbers, pa.array(["x"] * count), numbers, numbers), pa.array(["x"] * count))
    assert asked == asked_for


def test_decorations_that_learning_has_met_are_undressed_before_any_other_way_is_asked(
    reader: PhoneReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Most of what a short list of them costs would be ways that find nothing."""

    def no_way(of: WayAsker, cells: Cells, plain: pa.StringArray) -> object:
        raise AssertionError(plain)

    monkeypatch.setattr(phone_reader, "WAYS", (no_way, one_undressed))
    cell = ("5321234567.0", COUNTRIES.index("TR"), Says.NATIONAL)
    fresh = PhoneReader(EXCLUDED_LINE_TYPES)
    fresh.asker.fast_path = reader.asker.fast_path
    fresh.votes(pa.array([cell[0]] * 2000), np.full(2000, cell[1]))
    assert read_cells(fresh, [cell] * 2000) == [read_carefully(*cell)] * 2000


@pytest.mark.parametrize(
    ("cell", "region", "may_vote"),
    [("0532 123 45 67", "TR", False), ("02 1234 5678", "IT", True), ("01.02.2024 5321234567", "TR", True)],
)
def test_what_is_dialled_with_a_trunk_zero_does_not_vote(reader: PhoneReader, cell: str, region: str, may_vote: bool) -> None:
    """It is not looked at; where a first 0 is a digit of the number, or of a day that goes, the others tell what bare digits are."""
    says, may_be_national, _ = reader.votes(pa.array([cell]), np.array([COUNTRIES.index(region)]))
    assert (says[0] == Says.NATIONAL or may_be_national[0]) == may_vote


def test_every_letter_of_an_expression_begins_with_a_byte_of_letters() -> None:
    """Of cells without these the expressions have no letters beyond ASCII: they would find none."""
    known = re.compile(f"[{LETTERS_APART}{re.sub(r'.x.([0-9a-f]+).', lambda code: chr(int(code[1], 16)), LETTERS)}]")
    cells = [char for code in range(0x80, 0xD800) if known.match(char := chr(code))]
    words = [word for word in f"{LABEL[3:-1]}|{EXTENSION_WORDS}".split("|") if not word.isascii()]
    assert not [each for each in cells + words if written_for(f"[{LETTERS}]", pa.array([each])) != f"[{LETTERS}]"]


def test_without_a_region_no_two_prefixes_go_from_one_number(reader: PhoneReader) -> None:
    """What is known of its digits from the second 00 on is not what all of them are."""
    assert not disagreements(reader, [("+(00(00(23(2)30)48)2)", NO_REGION, Says.NOTHING)])


def test_without_a_region_a_country_beside_an_address_is_the_reason(reader: PhoneReader) -> None:
    """Only where numbers need no code, the parts of a cell are looked at."""
    assert not disagreements(reader, [("CH:, Hauptstr. 185\n87663 Berlin", NO_REGION, Says.NOTHING)])


def test_an_endless_cell_is_no_number_though_most_of_it_is_invisible(reader: PhoneReader) -> None:
    """Its length counts as it came."""
    cells = [("\u200b" * count + "05321234567", COUNTRIES.index("TR"), Says.NOTHING) for count in (239, 240)]
    assert [outcomes[0].e164 for outcomes in read_cells(reader, cells)] == ["+905321234567", None]
    assert not disagreements(reader, cells)


def test_cells_of_several_numbers_are_cut_as_the_careful_path_cuts(reader: PhoneReader) -> None:
    """Two numbers, three, and seconds that lack their beginning."""
    chance, cells = random.Random(1), []
    for territory, written, _ in numbers_of(chance, 15) * 20:
        others = [written, written[:-1] + str(chance.randint(0, 9)), written]
        cells.append((several(others[: chance.choice((2, 2, 3))], chance), territory, chance.choice(list(Says))))
    assert not disagreements(reader, cells)


def test_where_one_number_of_several_is_unclear_so_is_the_cell(reader: PhoneReader) -> None:
    """Valid at home and abroad, each of them or the first only: one reason for the cell, and nothing of it is bought."""
    texts = ("5142497141 - 5142497144", "5142497141 / +49 30 1234567")
    cells = [(text, COUNTRIES.index("DE"), Says.NOTHING) for text in texts]
    assert [[each.reason for each in outcomes] for outcomes in read_cells(reader, cells)] == [["ambiguous_international"]] * 2
    assert not disagreements(reader, cells)


# One number in service each, so that every dress has a number to hold.
_ONE = {"TR": ("0532 1234567", "905321234567"), "DE": ("030 1234567", "49301234567"), "US": ("650 2530000", "16502530000")}


@pytest.mark.parametrize("region", _ONE)
@pytest.mark.parametrize("dress", DRESSES)
def test_a_column_of_one_dirt_is_not_read_cell_by_cell(read_at_once: ReadAtOnce, dress: str, region: str) -> None:
    """It would be right, and fifty times slower."""
    written, digits = _ONE[region]
    cell = (DRESSES[dress](written, digits), COUNTRIES.index(region), Says.INTERNATIONAL)
    expected = read_carefully(*cell)
    if region != "US" or dress != "a slash after the area code":  # an area code is known by its 0
        assert read_at_once(cell) == expected


@pytest.mark.parametrize("junk_kind", NO_NUMBERS)
def test_what_is_surely_no_number_is_not_read_cell_by_cell(read_at_once: ReadAtOnce, junk_kind: str) -> None:
    """phonenumbers refuses most junk in a microsecond; rules in Python take thirty."""
    cell = (NO_NUMBERS[junk_kind]("05321234567"), COUNTRIES.index("TR"), Says.NOTHING)
    expected = read_carefully(*cell)
    assert read_at_once(cell) == expected


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("12345,abc def,0532 123 45 67,2024-05-17,5.58", "TR"),
        ("abc def 0532 123 45 67 ghi 2.860,42 TL jkl 16.09.2021", "TR"),
        ("4670,abc,2024-05-10,12.70,true", "DE"),
        ("27611, 84606, 18271, 43432, 25455, 74937, 68915, 71898, 95405", "DE"),
        ("Bestellung 28034063 / Rechnung 696853", "DE"),
        ("abc def 9.009,48 TL 03641 653259", "DE"),
        ("240891|Ute Abc|0151 76496171", "DE"),
        ("18678 Abc, 0221 9312021", "DE"),
        ("4711-0815/23", "DE"),
        ("14-815-230", "DE"),
        ("2026/000123", "DE"),
        ("237.682.967", "DE"),
        ("4187 2446 7008 4704", "DE"),
        ("+49 (0)30/123456-78", "DE"),
        ("KD-240891", "DE"),
        ("Auftrag 2978347 vom 16.08.2020", "DE"),
        ("#240891", "DE"),
        ("030 1234567 (ab 9 Uhr)", "DE"),
    ],
)
def test_what_odd_columns_are_full_of_is_not_read_cell_by_cell(read_at_once: ReadAtOnce, text: str, region: str) -> None:
    """Lines of CSV, notes with a sum, codes, orders, hours in a bracket: the rules would take a hundred microseconds and more."""
    cell = (text, COUNTRIES.index(region), Says.NOTHING)
    expected = read_carefully(*cell)
    assert read_at_once(cell) == expected


def test_junk_is_refused_for_the_careful_path_s_reasons(reader: PhoneReader) -> None:
    """A reason is what a person acts on; `n/a` is empty and `n/b` no number."""
    chance = random.Random(3)
    regions = [COUNTRIES.index(region) for region in ("TR", "DE", "US", "AT", "IT", "BR")]
    cells = [(junk(chance), chance.choice([*regions, NO_REGION]), chance.choice(list(Says))) for _ in range(2500)]
    cells += [(None, regions[0], Says.NOTHING)]  # type: ignore[list-item]
    assert not disagreements(reader, cells)


@given(st.lists(st.one_of(st.none(), st.text(max_size=12)), max_size=8))
@settings(max_examples=60)
def test_any_text_is_written_in_ascii_as_one_by_one(texts: list[str | None]) -> None:
    """All cells are translated at once; what is between them must not be a part of any."""
    cells = in_ascii(pa.array(texts, pa.string()))
    assert cells.to_pylist() == [text if text is None else to_ascii(text) for text in texts]


def test_remembered_cells_are_bounded_and_change_nothing(reader: PhoneReader, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of ten million odd cells must not be held in memory; a cell in another region is another."""
    monkeypatch.setattr(phone_reader, "REMEMBERED_CELLS", 5)
    monkeypatch.setattr(phone_reader, "CELLS_WORTH_LOOKING", 10**9)  # all are read carefully
    cells = [(f"call {number} me", COUNTRIES.index(region), Says.NOTHING) for number in range(9) for region in ("TR", "DE")]
    for _ in range(2):
        assert not disagreements(reader, cells)
        assert len(reader._remembered) <= 5


@pytest.mark.parametrize(
    "written", ["CH 5", "CHE 5", "5 CH", "ch: 5", "5 che :", "(ch) 5", "[ che 5", "che)", "u.k: 5", "U-K 5", "u.s.a: 5"]
)
def test_a_country_s_code_is_found_however_it_stands(written: str) -> None:
    """A cheap look decides which cells the codes are searched in; a code that it missed would be no country's."""
    assert names_country(pa.array([written])).tolist() == [written != "che)"]


def test_small_letters_that_are_no_code_beside_their_mark_cost_no_look_a_cell() -> None:
    """`Cad. No: 12` is a street: all of a signature's words were searched in Python, which took as long as all else."""
    cells = pa.array([f"Cad. {''.join(letters)} No: 5" for letters in product("bcdfg", repeat=4)])
    names_country(pa.array(["No"]))  # the names are ready by then
    called: list[object] = []
    sys.setprofile(lambda frame, event, _: called.append(frame) if event == "call" else None)
    try:
        assert not names_country(cells).any()
    finally:
        sys.setprofile(None)
    assert len(called) < len(cells)


_UNREADABLE = "("
"""As an expression it would raise an error."""


def test_no_expression_is_compiled_for_nothing(reader: PhoneReader, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without texts, without the sign that all of a shape have, or where another has decided: each takes as long as to read some cells."""
    nothing, texts = pa.array([None, None], pa.string()), pa.array(["a1b", "", None])
    assert replaced(nothing, _UNREADABLE, "").to_pylist() == [None, None]
    assert replaced_where(texts, _UNREADABLE, _UNREADABLE, "", signs=(b"x", b"ab")).to_pylist() == texts.to_pylist()
    assert replaced_where(texts[1:], "b", "b", "c", signs=(b"b",)).to_pylist() == ["", None]
    cells = Cells(np.arange(3), pa.array(["a1b", "", "c"]), np.full(3, NONE), np.full(3, Says.NOTHING))
    assert not of_shape(_UNREADABLE, signs="=#")(in_hyperlink)(reader.asker, cells, cells.texts)[1].any()
    monkeypatch.setattr(rejects, "_MAY_BE_GLUED", _UNREADABLE)
    assert rejects.are_glued(pa.array(["12ab"] * 3)).tolist() == [True] * 3


def _memory_filled(asked: Callable[[pa.StringArray], object], cells: pa.StringArray) -> float:
    """The peak, as a multiple of the texts."""
    asked(cells[:10])
    tracemalloc.start()
    try:
        asked(cells)
        return tracemalloc.get_traced_memory()[1] / cells.nbytes
    finally:
        tracemalloc.stop()


def test_to_look_for_digits_and_addresses_fills_a_few_times_the_memory_of_the_texts() -> None:
    """Each page of memory that is filled anew takes as long as to search it; places of all bytes were eight times the texts, four times over."""
    cells = pa.array([f"{place},Abc,Def,0532123{place % 10000:04},abc@example.com" for place in range(10_000)])
    assert _memory_filled(lambda some: cleared(some, np.full(len(some), 10)), cells) < 10
    assert _memory_filled(digit_counts, cells) < 4


def test_digits_are_counted_where_cells_are_empty() -> None:
    """A cell without bytes begins where the next one does."""
    texts = ["", None, "12a", "", "\u0663" + "3" * 300, "x", None, *["5" * 5000, "a", ""] * 20, None, ""]
    for begin in range(len(texts)):
        counted = digit_counts(pa.array(texts, pa.string())[begin:])
        assert counted.tolist() == [sum(char in "0123456789" for char in text or "") for text in texts[begin:]]


def test_digits_side_by_side_are_one() -> None:
    """Cells that differ in their digits only are asked for countries once; none takes a digit of the one before it."""
    texts = ["030 1234", "5", "56 DE7", "", "x", "3DE4 CH:", None]
    assert digits_as_one(pa.array(texts)).to_pylist() == [re.sub("[0-9]+", "0", text or "") for text in texts]
    assert digits_as_one(pa.array(texts)[2:6]).to_pylist() == ["0 DE0", "", "x", "0DE0 CH:"]
