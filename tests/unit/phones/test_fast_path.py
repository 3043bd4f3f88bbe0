"""The fast path against the careful one: where it is sure, both say the same, whatever the cell.

Each guard has cells that expose its absence (`tests.mutation.fast_path` takes the guards away one by one).
"""

from __future__ import annotations

import random

import numpy as np
import pyarrow as pa
import pytest

from fbcheck_pipeline.phones.careful.cell_rules import bare_digits_of
from fbcheck_pipeline.phones.careful.reference import is_bare, vote
from fbcheck_pipeline.phones.fast import fast_path as fast_module
from fbcheck_pipeline.phones.fast.digits import digits_of
from fbcheck_pipeline.phones.fast.fast_path import FastPath
from fbcheck_pipeline.phones.fast.patterns import UnknownPattern
from fbcheck_pipeline.phones.fast.terms import COUNTRIES, Fault, Says
from fbcheck_pipeline.phones.fast.territories import Automaton
from tests.unit.phones.corpus import (
    NO_REGION,
    TERRITORIES,
    Cell,
    fast_path,
    honest_forms,
    noise,
    patterns_of_numbers,
    read_carefully,
    read_fast,
    tricky_forms,
    word_of,
)


def _disagreements(path: FastPath, cells: list[Cell]) -> list[object]:
    read = zip(cells, read_fast(path, cells), strict=True)
    return [(cell, outcome) for cell, outcome in read if outcome and read_carefully(*cell) != [outcome]]


def _region(territory: int, chance: random.Random) -> int:
    """Mostly its own."""
    if territory >= len(COUNTRIES) or chance.random() < 0.2:
        return chance.choice([NO_REGION, *(each for each in TERRITORIES if each < len(COUNTRIES))])
    return territory


@pytest.mark.parametrize("seed", range(1))
def test_both_paths_agree_on_every_region_and_type(path: FastPath, seed: int) -> None:
    """A sample of what `tests/integration/phones` does at length."""
    chance = random.Random(seed)
    numbers = [(territory, word_of(pattern, chance)) for territory, pattern in chance.sample(patterns_of_numbers(), 25)]
    cells = [
        (text, _region(territory, chance), chance.choice(list(Says)))
        for territory, national in numbers
        for text in honest_forms(territory, national) + tricky_forms(territory, national, chance)
    ]
    cells += [(text, _region(0, chance), chance.choice(list(Says))) for text in noise(chance, 300)]
    assert not _disagreements(path, cells)


def _cells(region: str, *texts: str, says: Says = Says.NOTHING) -> list[Cell]:
    return [(text, COUNTRIES.index(region) if region else NO_REGION, says) for text in texts]


TRAPS: dict[str, list[Cell]] = {
    "a date with its year first": _cells("DE", "089 532 2024.09.17", "089 532 2024-09-17", "089 532 2024.09.17 "),
    "lone digits with a dash": _cells("ID", "086 59 62 80 64 6-6", "086 59 62 80 64 6-5"),
    "00 for a plus": [
        *_cells("SG", "0025377841968", "0025 3778 41968"),
        *_cells("JP", "0037090156236"),
        *_cells("TH", "0025377841968"),
    ],
    "lone digits at the end": _cells("LU", "9395 9 2", "9395 9 2 ", "9395  9  2", "939  5 9  2", "9395 9 2 9 8"),
    "a blank behind dashes": [
        *_cells("SE", "060-231-97 82", "060-231-97  82", "060-231-97 82 "),
        *_cells("ID", "0829-4230-056 2"),
    ],
    "a day and month": [
        *_cells("LU", "3580 19-11", "3580 31-12", "3580 31-01", "3580 20-02"),
        *_cells("AT", "06139 45489 09-08"),
    ],
    "a count with a bracket": _cells("DE", "2) 0171 2345678", "2) 171 2345678"),
    "a number that begins after another": _cells("AT", "01 5123 015 4321", "+43 1 5123 015 4321", "0512 0026 01 110"),
    "a plus inside": _cells("TR", "0532+1234567", "0+5321234567", "5+321234567"),
    "a minus before": _cells("DE", "-1235009", "-30123456", "-2331567890"),
    "a dash after a blank parts two numbers": _cells("DE", "0301234 -030123456", "0301234 - 0301235", "0201123 - 0201124"),
    "a dash after the tail of a range": _cells("IT", "0594-80-32-35-", "0594-80-32-35 -", "0594-80-32-35- "),
    "a bracket after the tail of a range": _cells("DE", "(030 123456-57)", "(030 123456-57) ", "(0301) (123457)"),
    "an aside at the end": _cells("DE", "030 123456 (57)", "030123456(5)", "0201 12345 (1234)"),
    "an aside that is not closed": _cells("DE", "030 123456 (57", "030123456(5", "0201 12345 (1234"),
    "masked digits": _cells("DE", "030 12--56", "030 12..5.6", "030 12- -56", "030 12.-56", "030 12-.5.6"),
    "a fraction": _cells("DE", "30123456.75", "30123456.0", "301234567.00", "30123456.5"),
    "a fraction after thousands": _cells("DE", "30 123 456.00", "30 123 456.75"),
    "a letter": _cells("DE", "030 123456a", "030 12345O", "O30 123456", "030 1234x567"),
    "the next of a range": _cells("DE", "030 123456-57", "030 1234-1235", "030123456-7", "030 123456-65", "030 123459-60"),
    "a range in bare digits": _cells("AT", "567389425-28", "1234567-68", "1234567-70"),
    "no range": _cells("DE", "030 123456-56", "030 123456-66", "030 123456-55", "030 123456-0"),
    "a range is read in its own region": _cells("US", "415-555-2671-72", "4155552671-72"),
    "digits enough for a call within a town only": _cells("GB", "18724467", "+4418724467") + _cells("PH", "7565872"),
    "more than fifteen digits": _cells("DE", "+4986437651831803", "086437651831803999", "004986437651831803", "08643765183180"),
    "more digits than fit": _cells("TR", "1" * 24, "1" * 25, "1" * 27, "1" * 28, "1" * 40, "0" * 30, "+" + "9" * 30),
    "a date with a short year beside a number": _cells(
        "AT", "1 7724 2.9.57", "1 7724 2-9-57", "2.9.57 1 7724", "1 7724 (2.9.57)"
    ),
    "noughts behind a point though other points are there": _cells("AT", "06138 53.7-721.0"),
    "a plus far before a bracket": _cells("NO", "+  (4785471244)", "+(4785471244)"),
    "a bracket that closes before one opens": _cells("DE", "49)1  (818887101"),
    "a count before a bracket": _cells("LU", "80-(516-4784)", "80-(5164784)", "8-(516 4784)", " (2) 5164784", "(2) 5164784")
    + _cells("US", "2-(201) 555-0123", "1-(201) 555-0123"),
    "a day in a bracket": _cells("LU", "(3.4.) 5164784", "(3.4.)5164784"),
    "a place beside others": _cells("PR", "15.2492  2.9806", "15.2492 2.9806"),
    "00 behind a bracket and a sign": _cells("NU", "( 00 683 888)7024", "(.00.683.888)7024", "()00683-(8)887024"),
    "a 0 of a country's code": _cells("GR", "003(0)90  19 76822 3", "+3(0) 210 1234567", "3 0 2101234567")
    + _cells("AT", " 3(0 210)123 4567", "3(0)2101234567", says=Says.INTERNATIONAL),
    "an international prefix that begins with no 0": _cells("RU", "810733-67567980", "8( 10)-73367567980", "8 10 7 3367567980")
    + _cells("IS", "11.003.544995494"),
    "numbers of another region of the code that may be two": _cells("VA", "3  35 3047 83363"),
    "two dashes, one in a bracket": _cells("LU", "45-(357-72)") + _cells("FI", "1-(589-436)"),
    "a bracket that closes more than opened": _cells("AT", "01 (2345) 6)0890", "012(33)56 778)0") + _cells("SB", "(74) 2)1266"),
    "few digits behind a plus": _cells("TR", "+8511") + _cells("DE", "+8511") + _cells("PK", "+1122"),
    "two numbers where no trunk 0 begins the second": _cells("LU", "38 330 37 48 43", "+352 38 330 37 48 43", "27 19 02 05"),
    "emergency": _cells("TR", "112", "155", "110") + _cells("IN", "1298", "102", "2611") + _cells("PK", "1122", "15"),
    "emergency without a region": _cells("", "112", "911", "155", "99999", "999999", "9999999"),
    "a second zero after the international prefix": _cells(
        "TR", "000905321234567", "0005321234567", "00000000000", "00 0532 1234567"
    ),
    "an international prefix with a carrier": _cells(
        "BR", "0015551234567890", "005511961234567", "0041798284651", "00905321234567"
    ),
    "an international prefix that needs more digits": _cells("AU", "0011905321234567", "14110011905321234567", "001190532123456"),
    "a plus before the international prefix": _cells("TR", "+00905321234567", "+0905321234567", "+05321234567"),
    "a plus before no country's code": _cells(
        "UZ", "+8511", "+89175", "+9971234567", "+99871234567", "+997123456789", "+810905321234567"
    ),
    "00 without a region": _cells(
        "", "00905321234567", "+00905321234567", "000905321234567", "0905321234567", "+0905321234567", "00"
    ),
    "too many digits without a region": _cells(
        "", "1234567890123456", "123456789012345", "+1234567890123456", "001234567890123456"
    ),
    "its own code without a plus": _cells("TR", "905321234567", "9005321234567", "90532123456", "9053212345678"),
    "its own code and the prefix": _cells("DE", "49030123456", "4903012345", "49301234", "491512345678", "4915123456789"),
    "its own code is the prefix": _cells("US", "14155552671", "114155552671", "4155552671", "1415555267", "11"),
    "another territory of the same code": _cells("CA", "16045552671", "6045552671", "14155552671")
    + _cells("KZ", "77012345678", "87012345678"),
    "a prefix after the plus": _cells("", "+9005321234567", "+44 (0)7400 123456", "+39 06 1234567", "+3906", "+36 06 1 234 5678"),
    "a prefix that must stay": _cells("IT", "0612345678", "06123456", "3471234567") + _cells("SM", "886377", "0549886377"),
    "a prefix that must stay lest it be too short": _cells("DE", "0110", "01234", "0800", "012345")
    + _cells("AT", "01110", "0111"),
    "carrier codes": _cells("BR", "01511961234567", "041 21 2345-6789", "0211961234567", "9011961234567")
    + _cells("CN", "12593755"),
    "local numbers": _cells("AG", "4641234", "12684641234") + _cells("AR", "01115 2345-6789", "0351 15 2345678", "91123456789"),
    "a longer prefix": _cells("GB", "18002007400123456", "07400123456") + _cells("HU", "0612345678", "06 20 123 4567", "0012345"),
    "ambiguous bare digits": _cells("DE", "41798284651", "41-79-828-46-51") + _cells("BR", "905321234567", "90 532 123 45 67"),
    "ambiguous, and the column is national": _cells("DE", "41798284651", says=Says.NATIONAL),
    "ambiguous, and the column is international": _cells("DE", "41798284651", "905321234567", says=Says.INTERNATIONAL),
    "grouped at home, and the column is international": _cells("US", "(201) 585-9163", "201-585-9163", says=Says.INTERNATIONAL)
    + _cells("ID", "6.227.488.305", says=Says.INTERNATIONAL),
    "valid abroad only": _cells("TR", "532123456", "41798284651", "447400123456"),
    "valid abroad only, and the column is international": _cells("TR", "532123456", "41798284651", says=Says.INTERNATIONAL),
    "a mobile at home, none abroad": _cells("TR", "5321234567", "532 123 45 67"),
    "prefixed digits are not bare": _cells("TR", "05321234567", "00905321234567", says=Says.INTERNATIONAL),
    "a national prefix is not bare": _cells("US", "14155552671", says=Says.INTERNATIONAL) + _cells("RU", "84012345678"),
    "line types that own no account": _cells("TR", "09001234567", "08001234567", "+18002345678") + _cells("GB", "09098790000"),
    "numbers of no country": _cells("", "+80012345678", "+870773111632", "+8835101234567", "+979123456789", "+8881234"),
    "few digits": _cells("TR", "0", "5", "12", "123", "1234", "+1", "+12", "+123", "+1234", "00", "0090", "00901"),
    "few digits that look like a head": _cells("GP", "000", "911", "112") + _cells("TM", "000"),
    "the trunk prefix is a country's code elsewhere": _cells("BY", "8224601128", "82024582108")
    + _cells("KZ", "80846472687", says=Says.INTERNATIONAL)
    + _cells("RU", "84951234567", says=Says.INTERNATIONAL),
    "a mobile in both readings": _cells("AT", "6597345425") + _cells("CN", "16107850664") + _cells("DE", "15123456789"),
    "no mobile in either reading": _cells("SK", "355808591") + _cells("TR", "3224510054") + _cells("AR", "6094160595"),
    "abroad it has a carrier code or a local number": _cells("NA", "67258389")
    + _cells("NA", "67258389", says=Says.INTERNATIONAL)
    + _cells("VN", "2618846803"),
    "a prefix that belongs to the number": _cells("JP", "00376330416") + _cells("BY", "82089316715", "+37582089316715"),
    "too short by the main region's lengths": _cells("CA", "24760117", "1901688337") + _cells("BQ", "08003129", "04163422"),
    "too short for the main region, and valid in another": _cells("CA", "+13107773", "01113107773", "3107773")
    + _cells("PL", "13103455", says=Says.INTERNATIONAL),
    "no number by its length alone": _cells("", "+9053212", "+90532123456789", "+4412", "+1415555", "+390", "+8816", "+80012"),
    "too short by no region's lengths": _cells("GG", "090115775", "035112848") + _cells("JE", "184947798"),
    "the last cell of a block begins late": _cells("TR", "001" + "2" * 21) + _cells("BR", "00559989012345678"),
    "a prefix goes though nothing fits": _cells("FR", "0001234567", "0012345678"),
    "a blank after a dot": _cells("LU", "3. 27.123-454", "62. 812-345.0") + _cells("FI", "41. 234.5650"),
    "a short date": _cells("LU", "3-7-14", "3.7.14", "2-4-93") + _cells("NU", "4-7-98"),
    "a date in brackets": _cells("DE", "(05.11.2026)", "(05-11-2026) ", "(05.11.2026"),
    "a computer's address with something around it": _cells(
        "DE", "45.212.28.68 ", "(45.212.28.68)", "[45.212.28.68]", "45.212.128.168"
    ),
    "more goes than a 0 that stands alone": _cells("HU", "+36(0)68 096 2700", "+36(0)68 122 6543"),
    "a bracket that opens late": _cells("AT", "012345-(67834)", "12345 (67820)", "12345 (678) 17"),
    "several restarts": _cells("DE", "3012 03 0030123", "3 03 00301234") + _cells("AT", "123 066 0012345"),
    "a lone 0 before a 0": _cells("FR", "0 0412 12345 637", "0 039312 345 67 98") + _cells("HU", "0 015123456740"),
    "two numbers in one": _cells(
        "TR", "05321234567 05331234567", "0532 123 45 67 0212 555 12 34", "0532 123 45 67-0212 555 12 34"
    ),
    "rejected with separators": _cells("TR", "0100 123 45 67", "0212 555 12 34-35", "532 123 45", "0-0", "1-1-2"),
    "nothing": _cells("TR", "", "-", " ", "()", ".", "+"),
}


@pytest.mark.parametrize("trap", TRAPS)
def test_no_trap_is_taken_for_what_it_is_not(path: FastPath, trap: str) -> None:
    """Each trap would fall through one guard if it were missing."""
    assert not _disagreements(path, TRAPS[trap])


def test_a_null_is_empty_even_with_bytes_under_it(path: FastPath) -> None:
    """Arrow allows a missing text to keep its bytes; they are nobody's cell."""
    whole = pa.array(["05321234567"])
    masked = pa.StringArray.from_buffers(1, *whole.buffers()[1:], null_bitmap=pa.py_buffer(b"\x00"))
    reading, e164 = path.read(masked, np.array([COUNTRIES.index("TR")]), np.array([0]))
    assert [fault for fault in reading.fault] == [Fault.EMPTY]
    assert e164.null_count == 1


def test_a_region_that_is_not_compiled_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiling is not worth it for a few cells; they go the careful way."""
    monkeypatch.setattr(fast_module, "CELLS_WORTH_COMPILING", 10**9)
    cells = _cells("TR", "05321234567", "+905321234567", "0100 123 45 67", "5321234567") + _cells("", "+905321234567")
    assert read_fast(fast_path(), cells) == [None] * len(cells)


def test_no_region_is_compiled_for_what_is_no_number_by_its_length(path: FastPath) -> None:
    """Junk names every calling code; compiling them all would cost a second."""
    fresh = fast_path()
    cells = _cells("", "+9053212", "+90532123456", "+33123", "+1415555")
    assert all(outcome and outcome.reason for outcome in read_fast(fresh, cells))
    assert fresh.automaton.starts.max() == -1


@pytest.mark.parametrize("code", ["TR", "US", "CA"])
def test_a_region_of_an_unknown_pattern_is_left(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """A new release of the metadata may bring what the automaton does not know; phonenumbers does."""
    add = Automaton.add

    def refuse(automaton: Automaton, territory: int) -> None:
        if COUNTRIES[territory] == code.replace("CA", "US"):
            raise UnknownPattern
        add(automaton, territory)

    monkeypatch.setattr(fast_module, "CELLS_WORTH_COMPILING", 1)
    monkeypatch.setattr(Automaton, "add", refuse)
    cells = _cells(code, "05321234567", "4155552671", "24760117", "6045552671")
    assert read_fast(fast_path(), cells) == [None] * len(cells)
    assert read_fast(fast_path(), _cells("DE", "030123456"))[0] is not None


VOTERS = (
    *TRAPS["ambiguous bare digits"],
    *TRAPS["valid abroad only"],
    *TRAPS["abroad it has a carrier code or a local number"],
    *TRAPS["the trunk prefix is a country's code elsewhere"],
    *TRAPS["a mobile in both readings"],
    *_cells("CL", "12300257124", "212345678"),
    *_cells("DE", "905321234567", "14155552671", "30123456", "4179828465", "0301234", "x", "", "123", "+49 30 123456"),
    *_cells("BR", "0015551234567890", "905321234567"),
    *_cells("AC", "2-1900", "11-2026", "2-4-93", "(11-2026)"),  # months and days of a column of dates
    *_cells("", "905321234567"),
)


def test_a_vote_is_what_the_careful_path_hears(path: FastPath) -> None:
    """Where the fast path leaves a vote open it names every side that the cell may take."""
    texts = pa.array([text for text, _, _ in VOTERS], pa.string())
    says, may_be_national, may_be_international = path.votes(texts, np.array([region for _, region, _ in VOTERS]))
    for place, (text, region, _) in enumerate(VOTERS):
        number = bare_digits_of(text) if text and region != NO_REGION else None
        heard = vote(number, COUNTRIES[region]) if number and is_bare(number, COUNTRIES[region]) else Says.NOTHING
        may_say = {Says.NATIONAL: may_be_national[place], Says.INTERNATIONAL: may_be_international[place]}
        assert heard == says[place] or may_say.get(heard, any(may_say.values())), text
        assert says[place] in (heard, Says.NOTHING), text


def test_most_votes_are_heard_at_once(path: FastPath) -> None:
    """Open votes are read one by one."""
    texts = pa.array(["5431234567", "532 123 45 67", "(0532) 123 45 67", "+905321234567", "", "0532 123 45 67"])
    _, *may_be = path.votes(texts, np.full(len(texts), COUNTRIES.index("TR")))
    assert not np.any(may_be)


def test_plain_cells_take_the_fast_path(path: FastPath) -> None:
    """It would be safe to be sure of nothing, and slow: what lists are made of must not be left."""
    written = (
        _cells("TR", "+905321234567", "+90 532 123 45 67", "0532 123 45 67", "05321234567", "5321234567", "00905321234567")
        + _cells("TR", "0532-123-45-67", "(0532) 123 4567", "905321234567", "0532.123.45.67", "", "0", "12345", "00000000000")
        + _cells("US", "(415) 555-2671", "415-555-2671", "4155552671", "+1 415-555-2671", "01190532123456")
        + _cells("BR", "(11) 96123-4567", "011961234567", "005511961234567", "11961234567")
        + _cells("DE", "030 123456", "030-123456", "+49 30 123456", "015123456789", "0151 23456789")
        + _cells("GB", "07400 123456", "+44 (0)7400 123456", "07400123456")
        + _cells("IN", "098765 43210", "9876543210", "+91 98765 43210")
        + _cells("", "+905321234567", "00905321234567", "5321234567")
    )
    left = [cell for cell, outcome in zip(written, read_fast(path, written), strict=True) if outcome is None]
    assert not left


def test_blocks_of_any_slice_are_read_alike(path: FastPath) -> None:
    """Batches come sliced: offsets do not begin at nought, and buffers are longer than the cells."""
    texts = ["ab", "05321234567", None, "", "(415) 555-2671", "0212 555 12 34", "x"]
    whole = digits_of(pa.array(texts))
    part = digits_of(pa.array(texts)[1:6])
    assert part.count.tolist() == whole.count.tolist()[1:6]
    assert part.is_plain.tolist() == whole.is_plain.tolist()[1:6]


@pytest.mark.parametrize("texts", [[], [None], [None, None], [""]])
def test_batches_without_a_digit_are_read(path: FastPath, texts: list[str | None]) -> None:
    """Arrow gives such arrays no buffers."""
    digits = digits_of(pa.array(texts, pa.string()))
    assert digits.is_empty.all()
    assert not digits.is_plain.any()


@pytest.mark.parametrize("tail", ["1", "731", "7311"])
def test_a_last_cell_of_many_digits_and_a_short_end_is_read(path: FastPath, tail: str) -> None:
    """Its digits have no room in the matrix, and nothing lies behind the last row."""
    cells = [
        ("030 123456", COUNTRIES.index("DE"), Says.NOTHING),
        (f"{'049 755114, ' * 8}065 997-{tail}", COUNTRIES.index("DE"), Says.NOTHING),
    ]
    assert read_fast(path, cells)[1] is None
