"""The law of a cell: either every number of it, whole, or a reason. Kinds of dirt are in the documentation under cells."""

from __future__ import annotations

import csv
import random
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from fbcheck_pipeline.phones.careful import cell_rules
from fbcheck_pipeline.phones.careful.cell_rules import outcomes_of
from fbcheck_pipeline.phones.careful.reference import read
from fbcheck_pipeline.phones.fast.fast_path import FastPath
from fbcheck_pipeline.phones.fast.terms import COUNTRIES, Says
from fbcheck_pipeline.phones.phone_reader import PhoneReader
from fbcheck_pipeline.phones.ways.cells import Cells
from fbcheck_pipeline.text import recogniser
from fbcheck_pipeline.text.decorations import MAX_CELL_LENGTH
from tests.unit.phones.corpus import NO_REGION, Cell, read_carefully, read_fast
from tests.unit.phones.dirty_cells import cells

SAMPLE = Path(__file__).parents[2] / "data" / "phone_cells.csv"


def _sample() -> list[tuple[Cell, list[str]]]:
    """Cells that were silently wrong once, and what may become of each."""
    with SAMPLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    regions = [COUNTRIES.index(row["region"]) if row["region"] else NO_REGION for row in rows]
    return [
        ((row["raw"], region, Says.NOTHING), row["accepted"].split(" or ")) for row, region in zip(rows, regions, strict=True)
    ]


def test_no_cell_of_the_sample_is_silently_wrong(path: FastPath) -> None:
    """Each was a stranger's number, or lost one, in either path."""
    sample = _sample()
    fast = read_fast(path, [cell for cell, _ in sample])
    for (cell, accepted), outcome in zip(sample, fast, strict=True):
        for became in (read_carefully(*cell), [outcome] if outcome else []):
            numbers = "|".join(each.e164 for each in became if each.e164)
            assert not became or (numbers or "reject") in accepted, cell


def test_of_dirty_cells_none_is_wrong_and_few_are_rejected() -> None:
    """A sample of what `tests/integration/phones` does at length; the fast path hands all of them over or agrees."""
    verdicts = Counter(cell.verdict() for cell in cells(random.Random(3), 1))
    assert verdicts["wrong"] == 0
    assert verdicts["rejected"] < 0.25 * verdicts.total()


def test_both_paths_agree_on_dirty_cells(path: FastPath) -> None:
    """Plain digits and separators are a count, a date and two numbers, too."""
    dirty: list[Cell] = [(cell.text, COUNTRIES.index(cell.region), Says.NOTHING) for cell in cells(random.Random(4), 1)]
    read = zip(dirty, read_fast(path, dirty), strict=True)
    assert not [(cell, outcome) for cell, outcome in read if outcome and read_carefully(*cell) != [outcome]]


def test_the_vectors_reject_no_number_behind_a_count(path: FastPath) -> None:
    """Digits that are no number together may be one without the count before them, or without hours behind."""
    texts = ["(3) 0501 234 33 31", "3 0501 234 33 31", "0501 234 33 31 9am-5pm"]
    cells = Cells(np.arange(3), pa.array(texts), np.full(3, COUNTRIES.index("TR")), np.full(3, Says.NOTHING))
    reader = PhoneReader(frozenset())
    reader.asker.fast_path = path
    assert reader.read(cells).e164.to_pylist() == ["+905012343331"] * 3


def test_digits_apart_that_are_no_number_reject_only_what_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rule saves the work of all others; where one of them finds a number, it must not apply."""
    dirty = [(cell.text, COUNTRIES.index(cell.region), Says.NOTHING) for cell in cells(random.Random(6), 1)]
    dirty += [cell for cell, _ in _sample()]
    dirty += [
        (f"{text}{sign}{tail}", region, says) for text, region, says in dirty for sign, tail in ((", ", "12 Ali"), (" Ali ", "3"))
    ]
    with_rule = [[each.e164 for each in read_carefully(*cell)] for cell in dirty]
    monkeypatch.setattr(cell_rules.parts_apart, "parts_apart", lambda _: [])
    without = [[each.e164 for each in read_carefully(*cell)] for cell in dirty]
    assert [cell for cell, one, other in zip(dirty, with_rule, without, strict=True) if one != other] == []


def test_what_is_read_in_a_dirty_cell_looks_like_a_number() -> None:
    """Or a list of such cells is refused which `--column` would read. `INV-20240001` is none: words beside digits without a 0 or plus."""
    read = [cell for cell in cells(random.Random(5), 1) if cell.verdict() == "whole" and cell.truth]
    read = [cell for cell in read if re.match(r"[^\d+]*[+0(]", cell.text)]
    assert len(read) > 100
    assert sum(not recogniser.is_phone_like(cell.text) for cell in read) <= 0.03 * len(read)


BOTH_WAYS = "+905321234567 +902125551234"


@pytest.mark.parametrize(
    ("text", "region", "became"),
    [
        ("wa.me/4940123 456", "DE", "invalid_number"),
        ("( - 4000 ev", "NU", "+6834000"),
        ("0532 123 45 67 dahili 5 05.11.2026 06.11.2026", "TR", "+905321234567"),
        ("https://wa.me/4930123%20456", "DE", "+4930123456"),
        ("https://wa.me/905321234567?text=Merhaba%202", None, "+905321234567"),
        ("905321234567@s.whatsapp.net", None, "+905321234567"),
        ('=HYPERLINK("tel:+905321234567";"Ara")', "TR", "+905321234567"),
        ("sms:+905321234567?body=iki kişi 2", None, "+905321234567"),
        ("tel:7654321;phone-context=+49-30", None, "+49307654321"),
        ("tel:+352-27-19-02-05", None, "+35227190205"),
        ("TEL;TYPE=WORK:030 123456\nTEL;TYPE=CELL:0151 23456789", "DE", "+4930123456 +4915123456789"),
        ("0212 555 12 34 ::: 0532 123 45 67", "TR", "+902125551234 +905321234567"),
        ("0212 555 12 34<br>0532 123 45 67", "TR", "+902125551234 +905321234567"),
        ("0212 555 12 34 • 0532 123 45 67", "TR", "+902125551234 +905321234567"),
        ("0212 555 12 34、0532 123 45 67", "TR", "+902125551234 +905321234567"),
        ("0212 555 12 34 + 0532 123 45 67", "TR", "+902125551234 +905321234567"),
        ('["0212 555 12 34", "0532 123 45 67"]', "TR", "+902125551234 +905321234567"),
        ("{02125551234,05321234567}", "TR", "+902125551234 +905321234567"),
        ("1) 0212 555 12 34 2) 0532 123 45 67", "TR", "+902125551234 +905321234567"),
        ("0532 123 45 67|", "TR", "+905321234567"),
        ("0532 123 45 67 3 kişi", "TR", "+905321234567"),
        ("0532 123 45 67 05.11.2026", "TR", "+905321234567"),
        ("030 123456 (9:00 - 17:30)", "DE", "+4930123456"),
        ("05321234567.00", "TR", "+905321234567"),
        ("3) 0532 123 45 67", "TR", "+905321234567"),
        ("34720 0532 123 45 67", "TR", "+905321234567"),
        ("49 0664 1234567", "AT", "ambiguous_range"),  # a calling code, perhaps
        ("030 1234567 / 7654321", "DE", "too_long"),  # the second is in the same town, or in another
        ("040 12345 / 54321", "DE", "ambiguous_range"),
        ("030 1234 (Büro 4321)", "DE", "+49301234"),
        ("+49 30 1234567 (Schweiz)", "AT", "+49301234567"),  # says so itself
        ("🇩🇪 0151 23456789", "AT", "ambiguous_international"),
        ("Schweiz 044 668 18 00", "TR", "+41446681800"),
        ("CH 044 668 18 00", None, "+41446681800"),
        ("Deutschland 4915120305843", "TR", "ambiguous_international"),  # its code, or an area code of Germany
        ("Deutschland 15120305843", "TR", "+4915120305843"),
        ("Deutschland, 0151 23456789, 0171 2345678", "AT", "ambiguous_international"),  # of Germany, or of Austria
        ("Germany\n0660 1234567\n0664 1234567", "AT", "ambiguous_international"),
        ("Germany; +49 30 1234567; 0664 1234567", "AT", "+49301234567 +436641234567"),
        ("Georgia; +43 660 1234567; +43 664 1234567", "AT", "+436601234567 +436641234567"),
        ("Österreich\n0660 1234567\n0664 1234567", "AT", "+436601234567 +436641234567"),
        ("USA 12025550123", "TR", "+12025550123"),  # either way
        ("(11) 96373-3900 3", "BR", "ambiguous_range"),  # an area code, no count
        ("Tel. 63 2 3234 2943", "PT", "ambiguous_range"),  # a country's code, no count
        ("Cad. No:64 81216839", "SG", "+6581216839"),
        ("Oda 47 021 231 788", "NZ", "+6421231788"),  # no code is before a trunk 0
        ("20170514; 01512 8587148", "DE", "letters_in_number"),  # a day
        ("24 12 2019\n0304557", "DE", "letters_in_number"),
        ("Max (20170514); 01512 8587148", "DE", "letters_in_number"),
        ("2017 05 14\n01512 8587148", "DE", "letters_in_number"),
        ("20170514", "DK", "+4520170514"),  # alone, as it is written there
        ("9-12 13-16; 030 60210", "DE", "letters_in_number"),  # hours
        ("8574392 €, 033908 455", "DE", "ambiguous_range"),  # a sum
        ("8'849'406 € 621 123 456", "LU", "ambiguous_range"),
        ("-2'466'343.50 $ & 01 23 44 74 04", "FR", "ambiguous_range"),
        ("€8574392", "DE", "ambiguous_range"),
        ("$ 0532 123 45 67", "TR", "+905321234567"),
        ("%55 628 185 142", "LU", "not_a_number"),
        ("Tel. NO 0532 123 45 67", "TR", "+905321234567"),
        ("20.12.34", "NC", "+687201234"),  # as phonenumbers writes it there
        ("05.11.26", "FI", "not_a_number"),
        ("=+49-30-123456", "DE", "not_a_number"),
        ("=+905321234567", "TR", "+905321234567"),
        ("030 123456 35", "DE", "ambiguous_range"),  # a count of 35, or how somebody writes
        ("030123456 3", "DE", "ambiguous_range"),
        ("030 123456 2019", "DE", "ambiguous_range"),
        ("030 123456 9-17", "DE", "ambiguous_range"),
        ("030 12 34 56 9-17", "DE", "ambiguous_range"),
        ("030 123456-35", "DE", "+493012345635"),  # an extension of a switchboard, which is dialled
        ("38 328-31", "LU", "ambiguous_range"),  # the next line of a switchboard, where numbers are short, too
        ("(3150) 040 772-73", "IT", "ambiguous_range"),
        ("0151 23456 789", "DE", "+4915123456789"),
        ("38 330 37 48 43", "LU", "ambiguous_range"),  # no trunk 0 begins the second
        ("(81295-121 São Paulo) 00595 21 123456", "PY", "letters_in_number"),  # a post code, and no area code in brackets
        ("006626556071 / 42 hari", "TH", "letters_in_number"),
        ("031 1103 24/7", "RO", "ambiguous_range"),
        ("+352 70 652 - 99\n661 287 226", "LU", "too_long"),
        ("+6598052429 +1 - 6569165742", "SG", "invalid_number"),  # and one more, or an American
        ("Büro: 2026-11-01: 49921314@s.whatsapp.net", "DE", "not_a_number"),
        ("043 076 646 043 818 808", "BG", "+35943076646 +35943818808"),  # no thousands
        ("Bestellung 0402536, 08 31526831", "FI", "letters_in_number"),
        ("https://wa.me/358-815-9548", "IT", "ambiguous_international"),
        ("0201 12345 67890", "DE", "+492011234567890"),
        ("(0)0151 23456789", "DE", "ambiguous_international"),  # not the American number behind 00
        ("0 0151 23456789", "DE", "ambiguous_international"),
        ("(0)391 417776", "IT", "ambiguous_international"),  # a mobile, or a number in a town
        ("U.K.: 07400 250251", "TR", "+447400250251"),
        ("050 872 2914 (U.A.E.)", "FR", "ambiguous_international"),  # not the French one
        ("U.S.A. (201) 500-3754", "NZ", "ambiguous_international"),
        ("Firma S.A. 022 345 67 89", "CH", "+41223456789"),
        ("Tel भारत 081286 87229", "DE", "ambiguous_international"),  # vowels of its script are no letters
        ("[ポーランド] 512 389 960", "DE", "ambiguous_international"),  # its long vowel looks like a dash
        ("한국 010-2003-3068", "IT", "ambiguous_international"),
        ("0812-153-446 8-16", "ID", "ambiguous_range"),  # hours, though the number has dashes, too
        ("+62 812-477-011 12)", "ID", "ambiguous_range"),  # of a list's mark: no bracket opened
        ("46 21 34 2.)", "LU", "ambiguous_range"),
        ("(030) 1234 12)", "DE", "ambiguous_range"),
        ("2) 0532 123 45 67\n3) 0212 555 12 34", "TR", "+905321234567 +902125551234"),
        ("(Max: +49 (0)30 123 45 67)", "DE", "+49301234567"),  # opened before the number
        ("0813-9888-842 '2'", "ID", "ambiguous_range"),
        ("0813-9888-842 20,-", "ID", "ambiguous_range"),  # a sum
        ("020-689 69 20,- Kronor", "SE", "letters_in_number"),
        ("0532 123 45 67 20,- Lira", "TR", "+905321234567"),
        ("021 737 697 5⭐", "NZ", "ambiguous_range"),  # a rating
        ("021 737 697 2 👤, 021 003 151", "NZ", "ambiguous_range"),
        ("0532 123 45 67 📞", "TR", "+905321234567"),
        ("0532 123 45 67 5 ⭐ (Max)", "TR", "+905321234567"),
        ("0810-640-936. 60", "ID", "ambiguous_range"),
        ("0812-345-678 61!", "ID", "ambiguous_range"),
        ("7456 7 35 ⭐", "LU", "ambiguous_range"),
        ("08-123 456 78 ⭐", "SE", "+46812345678"),
        ("https://api.whatsapp.com/send?phone=01.11.2026", "RS", "invalid_number"),  # a day
        ("0532 123 45 67 12 ⭐", "TR", "+905321234567"),
        ("0532 123 45 67-12 kişi", "TR", "ambiguous_range"),
        ("030 12 34 56;", "DE", "+4930123456"),
        ("030 1234 56 7;", "DE", "ambiguous_range"),  # a delimiter makes only a lone digit doubtful
        ("0182 78 1'", "IT", "ambiguous_range"),  # a minute
        ("02870 3899 63 x 56", "AT", "letters_in_number"),  # a size
        ("08 12 34 56 98/Std", "SE", "letters_in_number"),  # a rate
        ("030 1234 5678 2, 0664 1234567", "DE", "ambiguous_range"),  # a count, though another number follows
        ("05440 4157 33 / 0648.5277", "AT", "ambiguous_range"),
        ("030 12 34 56, 030 12 34 57", "DE", "+4930123456 +4930123457"),  # how somebody writes
        ("08-123 456 78, 070-123 45 67", "SE", "+46812345678 +46701234567"),  # as phonenumbers writes it
        ("021 372 501 8 +385 92 123 4567", "HR", "ambiguous_range"),
        ("030 1234562)", "DE", "ambiguous_range"),  # a mark of a list, glued to it
        ("0532 123 45 67)", "TR", "+905321234567"),
        ("0212) 555 12 34", "TR", "+902125551234"),
        ("0412 345 678 5 ,-", "FI", "ambiguous_range"),
        ("+46 8 12 34 56 '08", "SE", "ambiguous_range"),  # a year
        ("'56' 06442-5794", "DE", "ambiguous_range"),
        ("4 / 27-123456", "LU", "ambiguous_range"),
        ("49 - 9081", "LU", "ambiguous_range"),
        ("37.- 9081", "LU", "ambiguous_range"),  # a price
        ("33.33 59 045", "LU", "ambiguous_range"),
        ("0233 937 18 1.415", "RS", "ambiguous_range"),
        ("06.6646 .40", "FI", "ambiguous_range"),
        ("060-231-97 82", "SE", "ambiguous_range"),  # who writes dashes ends with one
        ("9395 9 2 9", "LU", "ambiguous_range"),
        ("3580 19-11", "LU", "ambiguous_range"),  # a day and month
        ("0532 05.11.2026 123 45 67", "TR", "too_long"),  # what goes between digits glues none
        ("0532 05.11. 123 45 67", "TR", "invalid_number"),
        ("0532 (9:00-17:30) 123 45 67", "TR", "invalid_number"),
        ("0532 €12.50 123 45 67", "TR", "invalid_number"),
        ("0532 41.008238, 28.978359 123 45 67", "TR", "invalid_number"),
        ("(0532) kim@example.com 123 45 67", "TR", "invalid_number"),
        ("0532 / www.example.com / 123 45 67", "TR", "invalid_number"),
        ("sms:0532?body=Merhaba\n1234567", "TR", "invalid_number"),
        ("0212 555 12 34 05.11.2026 0532 123 45 67", "TR", "+902125551234 +905321234567"),
        ("9170 [Garten] 0343", "SG", "letters_in_number"),
        ("030 (Berlin) 123456", "DE", "+4930123456"),
        ("(30) (Berlin) 123456", "DE", "+4930123456"),
        ("+90 (ev) 532 123 45 67", "TR", "+905321234567"),
        ("Art.-Nr. 2674.425 abc", "DE", "letters_in_number"),
        ("VIP (Raum 302-7352)", "DE", "letters_in_number"),
        ("Projekt 2024-16509", "HU", "letters_in_number"),
        ("(Zähler 2024/580165)", "DE", "letters_in_number"),
        ("Ahmet 7341/2024", "CR", "letters_in_number"),
        ("Ahmet 20220804", "KE", "letters_in_number"),  # a day
        ("Modell 46 835 511", "LT", "letters_in_number"),  # millions
        ("69024 Ulm", "DE", "letters_in_number"),
        ("9 62915 Bad Homburg", "DE", "letters_in_number"),
        ("Lindenweg 12 69024 Ulm", "DE", "ambiguous_range"),
        ("Gatan 32-31 3881 Town", "HU", "letters_in_number"),
        ("Tel. 69024", "DE", "+4969024"),
        ("WhatsApp 612 361599", "ES", "+34612361599"),
        ("Max 171 2345678", "DE", "+491712345678"),  # as phonenumbers groups it, but for the 0
        ("John 202-555-0123", "US", "+12025550123"),
        ("Ana 612.345.678", "ES", "+34612345678"),
        ("Mario 347/1234567", "IT", "+393471234567"),
        ("Jan 475/12.34.56", "BE", "+32475123456"),
        ("Jan 1/234-5678", "HU", "+3612345678"),
        ("Ali 532.123.45.67", "TR", "+905321234567"),
        ("Piet 10.123.4226", "NL", "+31101234226"),
        ("8-(912)-345-65-19 Ali", "RU", "+79123456519"),
        ("Anna 222295", "FO", "+298222295"),
        ("0151 23456789, 263.620.824", "DE", "ambiguous_range"),
        ("2345-6789 / 3345-6789", "DK", "+4523456789 +4533456789"),  # how somebody writes
        ("http://x.com/12,0160 33043774", "DE", "not_a_number"),  # the link took its first digits
        ("www.example.com/0160 33043774", "DE", "not_a_number"),
        ("Kunde https://example.com/a,0163 0513381", "DE", "not_a_number"),
        ("www.example.com/12 0160 33043774", "DE", "+4916033043774"),
        ("175\n52\n75752", "BR", "ambiguous_range"),
        ("0212\n555\n12 34", "TR", "+902125551234"),
        ("79/56/79/485", "CH", "not_a_number"),
        ("5715/2024", "DK", "not_a_number"),
        ("5~050-2458", "FI", "ambiguous_range"),
        ("4 + 434 634 4034", "IT", "invalid_number"),  # and, not an Austrian one
        ("68 00 97 98–6213 0640", "SG", "ambiguous_range"),  # no Russian one behind a count
        ("0670 676247〜99", "AT", "ambiguous_range"),  # to
        ("2️⃣38163418872", "RS", "ambiguous_range"),  # the second of a list
        ("1️⃣ 0532 123 45 67 2️⃣ 0212 555 12 34", "TR", "+905321234567 +902125551234"),
        ("5️⃣3️⃣2️⃣1️⃣2️⃣3️⃣4️⃣5️⃣6️⃣7️⃣", "TR", "+905321234567"),
        ("+40 21 9998 ₺ 4 772", "RO", "invalid_number"),  # a price of thousands
        ("08-12 34 56 31 €, +46-485-23-32-24", "SE", "ambiguous_range"),
        ("21021986 068 846 9362", "AL", "letters_in_number"),  # a day
        ("91779-714 +65 6640 6347", "SG", "letters_in_number"),  # a post code
        ("02053-6125, 06257-034", "DE", "+4920536125 +496257034"),
        ("+386 4 463 21 76 SSN 072-82-9955", "SI", "letters_in_number"),
        ("047942845 QQ 031402294", "SE", "letters_in_number"),
        ("05 15438 fb.com/28544219", "FI", "letters_in_number"),
        ("411 98486#2427-4457", "KW", "invalid_number"),  # no extension: a number
        ("698095808 # 7106", "LU", "letters_in_number"),
        ("0212 555 12 34 # 101", "TR", "+902125551234"),
        ("43 780 123456;42) 436485451", "AT", "ambiguous_range"),
        ("'4' / 16010358 ('4' |", "CN", "ambiguous_range"),
        ("9926\t45 39 08 96 [ ] 5 34.39 Rp", "NO", "too_long"),
        ("0532 123 45 67 0212 555 12 34 (9-17 Uhr)", "TR", "+905321234567 +902125551234"),
        ("201-5550123+201 5550123", "US", "invalid_number"),  # and, not an Egyptian one
        ("+905321234567+902125551234", "TR", "+905321234567 +902125551234"),
        ("2022/133 +359 88 027 1441", "BG", "invalid_number"),  # of a year
        ("3-(80) 77 92 90", "LU", "ambiguous_range"),
        ("1-(415) 555-2671", "US", "+14155552671"),
        ("4~27-123456", "LU", "ambiguous_range"),
        ("24 - +386 1 234 56 78 (+5) / 071 193980", "SI", "ambiguous_international"),  # not Peru's
        ("(+1415) 5552671", "US", "+14155552671"),
        ("40\n90 98 36 27 called 2 times", "NO", "ambiguous_range"),
        ("086 59 62 80 64 6-6", "ID", "ambiguous_range"),
        ("05-7850 1986 +358 3 44791", "FI", "ambiguous_range"),
        ("089 532 2024.09.17", "DE", "ambiguous_range"),
        ("02 18 35 01 232) Tel1: +62816234918", "ID", "letters_in_number"),
        ("0025377841968", "SG", "ambiguous_international"),  # behind 002, or Djibouti's behind 00
        ("0043901314529", "KH", "ambiguous_international"),
        ("0016502530000", "SG", "invalid_number"),
        ("001 1 650 253 0000", "SG", "+16502530000"),
        ("0049301234567", "TR", "+49301234567"),
        ("0862-658-936 12,50 €", "ID", "ambiguous_range"),  # its 12 is none of the number
        ("0039 (0)312 098 3455", "IT", "ambiguous_international"),
        ("39 (0)312 098 3455", "IT", "ambiguous_international"),
        ("0039 (0)6 1234567", "IT", "+39061234567"),
        ("0082 (0)10-2369-9982", "KR", "ambiguous_international"),  # not the Egyptian one behind 008
        ("22 11 22 33, order 99887766", "NO", "letters_in_number"),
        ("22 11 22 33 (Kari) / 99 88 77 66 (Ola)", "NO", "+4722112233 +4799887766"),
        ("Ref: 99887766", "NO", "letters_in_number"),
        ("Müşteri 0532 123 45 67", "TR", "+905321234567"),
        ("0532 123 45 67, lat 41.0082 lon 28.9784", "TR", "letters_in_number"),
        ("41.0082, 28.9784 0532 123 45 67", "TR", "+905321234567"),
        ("0532 123 45 67 41.0082\xb0 N, 28.9784\xb0 E", "TR", "+905321234567"),
        ("0532 123 45 67 41.0082\xb0, 28.9784\xb0", "TR", "+905321234567"),
        ("€ 12.50 0532 123 45 67", "TR", "+905321234567"),
        ("+852 2299 0462 €\t3620 4810", "HK", "invalid_number"),  # a price's sign parts no numbers
        ("436 428 9925 € 0439 21", "IT", "invalid_number"),
        ("+352 8420, 2344 €", "LU", "ambiguous_range"),  # a price, or a number as short as the other
        ("0532 123 45 67, 2344 €", "TR", "+905321234567"),
        ("2 628 064 854", "LU", "ambiguous_range"),  # a count and a mobile, or a number in a town
        ("+57 320 8830210 +1  940 8401262", "CO", "invalid_number"),  # and one more, or an American
        ("320 8830210  +57  320 8830211", "CO", "+573208830210 +573208830211"),
        ("(03690-542 O'Brien) 0035840 123 4567", "FI", "letters_in_number"),  # a post code: its bracket holds words
        ("(040) 123 4567 (O'Brien) 0035840 123 4568", "FI", "+358401234567 +358401234568"),
        ("+(201) 555-0123", "US", "ambiguous_international"),  # not the Egyptian one
        ("45.212.28.68", "DE", "not_a_number"),
        ("62.12.34.56", "NO", "+4762123456"),  # as phonenumbers groups it
        ("021.123.45.67", "RO", "+40211234567"),  # no octet begins with a trunk 0
        ("045.212.028.068", "DE", "not_a_number"),
        ("45.212.128.168", "DE", "not_a_number"),  # no thousands
        ("(45.212.28.68)", "DE", "not_a_number"),
        ("12.234.55.99", "PL", "+48122345599"),
        ("Tel 12.234.55.99", "PL", "+48122345599"),
        ("0212.555.12.34", "TR", "+902125551234"),
        ("06.12.34.56.78", "FR", "+33612345678"),
        ("0532 123 45 6.0", "TR", "not_a_number"),  # its last digit is missing
        ("090-1231-7832 # 090-1252-7954", "JP", "invalid_number"),
        ("0212 555 12 34 ext 101, 102, 103", "TR", "+902125551234"),
        ("0212 555 12 34 dahili 1010-1015", "TR", "+902125551234"),
        ("1- 030 123456 2- 0151 23456789", "DE", "+4930123456 +4915123456789"),
        ("(1) 0212 555 12 34 (2) 0532 123 45 67", "TR", "+902125551234 +905321234567"),
        ("050-758-0804 9 to 5 pm", "IL", "+972507580804"),
        ("286 66 15 12 1,5 km", "PT", "+351286661512"),
        ("Cad. No: 12/3, Ali 0532 123 45 67", "TR", "letters_in_number"),
        ("0532 123 45 67, Schweiz 044 668 18 00", "TR", "+905321234567 +41446681800"),
        ("T: 0212 555 12 34 M: 0532 123 45 67", "TR", "+902125551234 +905321234567"),
        ("'01 51234' '01 57274'", "AT", "+43151234 +43157274"),
        ("('+902125551234', '+905321234567')", None, "+902125551234 +905321234567"),
        ("0212 555 12 34\\n0532 123 45 67", "TR", "+902125551234 +905321234567"),
        ("12345; 0664 1234567", "AT", "invalid_number"),  # a post code
        ("123 01 51234", "AT", "ambiguous_range"),
        ("01 51234 / 1234567", "AT", "ambiguous_range"),
        ("41.008238, 28.978359", "FI", "not_a_number"),
        ("<+905321234567>", None, "+905321234567"),
        ('<a href="tel:+902125551234">0212 555 12 34</a>', "TR", "+902125551234"),
        ('<a href="tel:+902125551234">0532 123 45 67</a>', "TR", "+902125551234 +905321234567"),
        ('<a href="https://example.com/12">0532 123 45 67</a>', "TR", "+905321234567"),
        ('=HYPERLINK("tel:+902125551234","0212 555 12 34")', "TR", "+902125551234"),
        ('[{"value": "+905321234567", "type": "mobile"}, {"value": "+902125551234", "type": "work"}]', None, BOTH_WAYS),
        ('{"id": "12345678", "phone": "030 123456"}', "DE", "letters_in_number"),
        ("0532 123 45 67 / info2@example.com", "TR", "+905321234567"),
        ("0532 123 45 67, www.example24.com", "TR", "+905321234567"),
        ("+49 30 123456@example.com", None, "not_a_number"),
        ("https://t.me/+905321234567 0212 555 12 34", "TR", "not_a_number"),
        ("Max\nHauptstr. 66\n66004 Ulm", "DE", "letters_in_number"),  # two lines of an address
        ("Hauptstr. 12\n89073 Ulm", "DE", "letters_in_number"),
        ("Hauptstr. 12, 89073 Ulm", "DE", "letters_in_number"),
        ("Max 3\n0532 123 45 67", "TR", "+905321234567"),  # no post code
        ("Max\nTel. 030\n1234567", "DE", "+49301234567"),
        ("Bahnhofstr. 66 66004 Ulm", "DE", "letters_in_number"),  # a house and a post code
        ("Lindenstr. 33 - 04109 Leipzig", "DE", "letters_in_number"),
        ("Tel. 66 66004 Ulm", "DE", "+496666004"),
        ("Hauptstr. 12, 89073 Ulm, Tel. 0731 123456", "DE", "+49731123456"),  # the label says where it begins
        ("Max GmbH\nHauptstr. 12\n89073 Ulm\nTel: 0731 123456\nFax: 0731 654321", "DE", "+49731123456 +49731654321"),
        ("12 Main St, Springfield 62704, Phone: 212-555-0123", "US", "+12125550123"),
        ("Kd-Nr. 12345, Tel/Fax (0532) 123 45 67", "TR", "+905321234567"),
        ("mom Phone: 612 361599", "ES", "+34612361599"),
        ("Ayşe K. Tel: 0532 123 45 67", "TR", "+905321234567"),
        ("Ayşe K. 0532 123 45 67", "TR", "+905321234567"),  # an initial is no digit before a 0 or a plus
        ("Ayşe K. 532 123 45 67", "TR", "letters_in_number"),
        ("Ayşe K 0532 123 45 67", "TR", "letters_in_number"),
        ("(11) 91234-5678 / (11) 3123-4567", "BR", "+5511912345678 +551131234567"),  # an area code in brackets begins a number
        ("(11) 91234-5678, (11) 3123-4567", "BR", "+5511912345678 +551131234567"),
        ("(11) 91234-5678 / 3123-4567", "BR", "ambiguous_range"),
        ("(432) 555-0123 (432) 555-0124", "US", "+14325550123 +14325550124"),
        ("T 030 3012345 M 0171 2345678", "DE", "+49303012345 +491712345678"),
        ("T. +49 30 3012345\nF. +49 30 3012346", "DE", "+49303012345 +49303012346"),
        ("h 212-555-0123 c 917-555-0123", "US", "+12125550123 +19175550123"),
        ("212-555-0123 (h) 917-555-0123 (c)", "US", "+12125550123 +19175550123"),
        ("(H) 212-555-0123", "US", "+12125550123"),
        ("(ev) Tel 0212 345 67 89 cep 0532 123 45 67", "TR", "+902123456789 +905321234567"),
        ("(p) 030 3012345, (g) 0171 2345678", "DE", "+49303012345 +491712345678"),
        ("030 3012345 (g) 0171 2345678", "DE", "letters_in_number"),
        ("T\u00a0\uff10\uff13\uff10 3012345", "DE", "+49303012345"),
        ("D 030 3012345", "DE", "letters_in_number"),  # may be a digit
        ("0532 123 T 45 67", "TR", "letters_in_number"),
        ("Ref. M 5321234567", "TR", "letters_in_number"),
        ("12345 Işık, TELEFON: 0532 123 45 67", "TR", "+905321234567"),
        ("22 11 33, Tel. 44 55 66", "LU", "letters_in_number"),  # a number, too
        ("Bob 13 12 34, Tel 0412 345 678", "AU", "letters_in_number"),  # without a 0, too
        ("Bob 31289, Tel +686 72001169", "KI", "letters_in_number"),
        ("Büro 62 33 44, Handy 0151 23456789", "DE", "letters_in_number"),  # a local one
        ("Fax: 623344, Tel. 0731 123456", "DE", "letters_in_number"),
        ("Büro 146, Tel. 0731 123456", "DE", "+49731123456"),
        ("Ulm 731, Tel 3012345", "DE", "letters_in_number"),  # no Berlin's
        ("Wien 1, Tel 5121234", "AT", "letters_in_number"),
        ("Cad. No 5, Tel 532 123 45 67", "TR", "+905321234567"),  # here all numbers have ten digits
        ("A-1010 Wien, Tel. 0660 1234567", "DE", "letters_in_number"),  # names Austria
        ("A 1010 Wien, Tel. 0660 1234567", "DE", "letters_in_number"),
        ("New York, NY 10001, Tel 212-555-0123", "US", "+12125550123"),
        ("Max 030 12, Tel. 0151 23456789", "DE", "letters_in_number"),
        ("Büro 4711 Tel. 123456", "DE", "letters_in_number"),  # which may go on
        ("12 Tel. 0664 1234567", "DE", "letters_in_number"),
        ("Deutschland 12 Tel. 0151 23456789", "TR", "letters_in_number"),
        ("Max 12 Tel. 0151 23456789 🇩🇪", "TR", "+4915123456789"),
        ("Jón 581 2345", "IS", "+3545812345"),  # as it is written there
    ],
)
def test_a_kind_of_dirt(text: str, region: str | None, became: str) -> None:
    """One cell a rule."""
    assert " ".join(each.e164 or str(each.reason) for each in outcomes_of(text, region)) == became


@pytest.mark.parametrize("sign", [" ::: ", "; ", ";", " | ", "\n"])
def test_twenty_numbers_of_one_contact_are_all_read(path: FastPath, sign: str) -> None:
    """An address book's cell is longer than any document that the rules look into; it is cut before they do."""
    numbers = [f"0532 123 {10 + count} 67" for count in range(20)]
    texts = [
        sign.join(numbers),
        sign.join([*numbers, "0532 123"]),
        sign.join([*numbers, "Order 99887766"]),
        "\n".join(["a 1"] * 99),
    ]
    reader = PhoneReader(frozenset())
    reader.asker.fast_path = path
    found = reader.read(Cells(np.arange(4), pa.array(texts), np.full(4, COUNTRIES.index("TR")), np.full(4, Says.NOTHING)))
    assert found.e164.to_pylist() == [*("+90" + number[1:].replace(" ", "") for number in numbers), None, None, None]
    assert [[each.e164 for each in outcomes_of(text, "TR")] for text in texts[1:]] == [[None]] * 3
    assert recogniser.is_phone_like(texts[0])


@pytest.mark.parametrize("unit", ["1-", "1\n", "1/", "0 1", "12 (3) ", "0532 123 45 67 / "])
def test_what_is_tried_of_a_cell_is_bounded_by_its_length(monkeypatch: pytest.MonkeyPatch, unit: str) -> None:
    """Each separator may end a number: all of them tried in turn would be quadratic. Then nobody can tell, and the cell is rejected."""
    tried: list[int] = []
    monkeypatch.setattr(cell_rules, "read", lambda number, *more: tried.append(len(number)) or read(number, *more))
    for length in (60, 240, 960):
        tried.clear()
        outcomes_of((unit * length)[:length], "DE")
        assert sum(tried) <= cell_rules.MOST_TRIED * (length + cell_rules.SHORT_CELL)


@pytest.mark.parametrize(
    "unit", ["0", "0532 123 45 67 ", "(", "a", "1/", "<br>", "wa.me/", "tel:", ";x=", "\n1) ", "{", "+", "'\"", "- ", "🇩🇪"]
)
def test_an_endless_cell_is_read_in_no_time(unit: str) -> None:
    """A pasted document is refused by its length alone; of what is short enough, no rule looks at a place more than so often."""
    assert [each.reason for each in outcomes_of(unit * (200_000 // len(unit)), "DE")] == ["not_a_number"]
    assert outcomes_of(unit * (MAX_CELL_LENGTH // len(unit)), "DE")
