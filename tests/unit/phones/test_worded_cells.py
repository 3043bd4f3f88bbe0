"""Cells of words and numbers, numbers that only a blank parts, and amounts, in vectors: each becomes what the careful path makes of it."""

from __future__ import annotations

import random

import pytest

from fbcheck_pipeline.model.reasons import RejectReason
from fbcheck_pipeline.phones.careful.reference import rejected
from fbcheck_pipeline.phones.fast.terms import COUNTRIES, Says
from fbcheck_pipeline.phones.phone_reader import PhoneReader
from tests.unit.phones.corpus import NO_REGION, Cell, read_carefully
from tests.unit.phones.test_dirty_cells import ReadAtOnce, disagreements, numbers_of, read_at_once, reader

__all__ = ["read_at_once", "reader"]  # the fixtures

_TEXT = """
Ali veli Ayşe Mehmet YILMAZ AYSE ev cep Tel Tel. tel: Ahmet: iş office DE at AT: Deutschland lol oo xx I Il de or veya Bob Suite ext. dahili
Müller Ltd. Co., ara! no? Suna Etage dagar Minuten Москва 电话 aradı, TL CH KELLY www. N. h e PERU Mali Türkiye
"""
_WORDS = _TEXT.split()
_REGIONS = ("TR", "DE", "AT", "US", "FR", "GB", "LU", "PL", "BR")


def _words(chance: random.Random, most: int) -> str:
    return " ".join(chance.choice(_WORDS) for _ in range(chance.randint(0, most)))


def _written(chance: random.Random, written: str) -> str:
    """A number; one in four is odd."""
    odd = (
        written[:4] + " " + written[4:],
        written[:3] + "-" + written[3:],
        "0" + written,
        f"{written} {chance.randint(0, 99)}",
        f"{chance.randint(1, 99)} {written}",
        written[:-2] + " " + written[-2:],
        written[:-1],
        written[:-1] + " " + written[-1:],
    )
    return written if chance.random() < 0.75 else chance.choice(odd)


def _cells(chance: random.Random, count: int) -> list[Cell]:
    made: list[Cell] = []
    numbers = numbers_of(chance, 900)
    for region in _REGIONS:
        there = [(written, digits) for territory, written, digits in numbers if COUNTRIES[territory] == region]

        def one(there: list[tuple[str, str]] = there) -> str:
            written, digits = chance.choice(there)
            return _written(chance, chance.choice((written, written, "0" + written.lstrip("0"), "+" + digits)))

        for _ in range(count):
            amount = f"{chance.randint(0, 10 ** chance.randint(1, 7))},{chance.randint(0, 99):02}"
            several = f"{_words(chance, 1)} {one()} {_words(chance, 2)} {one()} {_words(chance, 1)}"
            unit = chance.choice(("TL", "TL", "€", "ev", "x", "Il", "CH", ""))
            kinds = (
                f"{_words(chance, 3)} {one()} {_words(chance, 3)}",
                several.strip(),
                f"{one()} {one()}",
                f"{amount} {unit}".strip(),
                f"{unit} {amount}".strip(),
            )
            made.append((chance.choice(kinds), COUNTRIES.index(region), chance.choice(list(Says))))
    return made


def test_words_numbers_and_amounts_are_what_the_careful_path_reads(reader: PhoneReader) -> None:
    """Words may be digits, countries or counts; what a blank parts may be one number, two or none."""
    assert not disagreements(reader, _cells(random.Random(1), 80))


_BESIDE = (
    *(
        "12.03.2024",
        "2024-01-05",
        "(01/02/2020)",
        "12.03.",
        "9:00-17:30",
        "8h-18h",
        "14:30",
        "€ 12,50",
        "12 €",
        "1.250,00 €",
        "$5",
    ),
    *(
        "14360 TL",
        "a@b.cd",
        "x1.y@z-w.co.uk",
        "kim@example.com",
        "www.example.com",
        "tel:",
        "Tel:",
        "GSM:",
        "fax:",
        "T:",
        "No: 12/3",
    ),
    *(
        "12",
        "0",
        "3",
        "34710",
        "74021254",
        "e",
        "a",
        "Il",
        "ABC",
        "B-2",
        "(Max)",
        "(Kadıköy)",
        "(a)",
        "veya",
        "or",
        "ext 12",
        "dahili 5",
    ),
    *(
        "Schweiz",
        "DE",
        "(TR)",
        "Ref",
        "Order",
        "kat",
        "kişi",
        "CELL",
        "Co.",
        "o'clock",
        "1)",
        "1.",
        "2. Veli",
        "#",
        "'",
        "€",
        "Ayşe",
    ),
)
_BETWEEN = (" ", " ", ", ", "; ", "", "\n", " - ", "/", ",", ";", "|", "\t")


def _notes(chance: random.Random, count: int) -> list[Cell]:
    """Numbers among dates, sums, addresses, counts and words in any order."""
    made: list[Cell] = []
    for territory, written, digits in numbers_of(chance, 300) * (count // 300):
        numbers = (written, "0" + written.lstrip("0"), "+" + digits)
        scraps = [chance.choice(_BESIDE if chance.random() < 0.7 else numbers) for _ in range(chance.randint(2, 7))]
        sign = chance.choice(_BETWEEN)
        several = "".join(scrap + chance.choice(_BETWEEN) for scrap in scraps)
        region = territory if chance.random() < 0.8 else NO_REGION
        made.append((several if chance.random() < 0.3 else sign.join(scraps), region, chance.choice(list(Says))))
    return made


def test_notes_are_what_the_careful_path_reads(reader: PhoneReader) -> None:
    """What goes from beside a number goes in vectors as it does cell by cell; what does not, rejects for the same reason."""
    assert not disagreements(reader, _notes(random.Random(2), 1200))


_MORE = """
{n} %{c}|{n} {c}%|{n} {c}% {w}|{n} {c}-{d}|{n} {c}-{d} {w}|{n} #{o}|#{o} {n}|{n} {c}.{o},{d} {w}|{n} {c},{o} €|{n} {c}{o},{d} TL 12.03.2024
{n} {o},0{c}$|1) {n} 2) {m}|1. {n} 2. {m}|{l} {n}|{n} ({l})|{l}: {n} {w}|{c} {n} {l}|{w} {l} {n}
""".replace("\n", "|")
_LANDS = ("Deutschland", "Türkiye", "(AT)", "Italia", "Sverige", "FR", "USA")


def _with_more(chance: random.Random, count: int) -> list[Cell]:
    """Numbers beside counts, hours, orders, sums and countries."""
    made: list[Cell] = []
    for territory, written, digits in numbers_of(chance, 300) * (count // 300):
        numbers = (written, "0" + written.lstrip("0"), "+" + digits)
        shape = chance.choice(_MORE.strip("|").split("|"))
        beside = dict(n=chance.choice(numbers), m=chance.choice(numbers), w=chance.choice(_WORDS), l=chance.choice(_LANDS))
        small, more = (chance.choice((chance.randint(0, 9), chance.randint(5, 30))) for _ in range(2))
        text = shape.format(**beside, c=small, d=f"{more:02}", o=chance.randint(0, 10 ** chance.choice((2, 3, 5))))
        made.append((text, territory if chance.random() < 0.7 else COUNTRIES.index("TR"), chance.choice(list(Says))))
    return made


def test_numbers_beside_more_digits_or_countries_are_what_the_careful_path_reads(reader: PhoneReader) -> None:
    """More digits may belong to the number, count something, or begin a second one; a country may be another one."""
    assert not disagreements(reader, _with_more(random.Random(4), 1200))


TRAPS: dict[str, tuple[str, ...]] = {
    "MA": ("(+5) 0520123456",),
    "MK": ("a|048 656 143; 048 656 143; (TR)a@b.cd,", "048 656 143; 048 656 143; xwww.a"),
    "EH": ("Tel 2 0897233764",),
    "JE": ("Ali (47) 0766 079 4213",),
    "DK": ("+905321234567e\n12",),
    "EG": ("010 01234567\n+20  10 01234567", "010 01234567, +20  10 01234567"),
    "UA": ("+38 0 79 060 7476",),
    "LT": (
        "37052994654 (0-31234567)",
        "Cep (0-312) 34567\nOrder: (0-(312) 34567",
    ),
    "IR": (
        "011 6543 0442-517",  # two, the first of six digits
        "GmbH Schweiz\nBüro GmbH\nCep 09218431630\nPhone: 0921 843 1630\nkim@example.com",
    ),
    "IT": (
        "+395512345678 02 2979 66",
        "+394309240986 06 08 1980",
        "06/1903 Max",
        "0200-1330\nMax 0210020332",
        "016521\n07216978",
    ),
    "HR": ("#115 +38512345678",),
    "SE": ("#23 072 84 31 63 0",),
    "SI": (
        "(+5) 071 193980",
        "+386 4 463 21 76; SSN 072-82-9955",
        "059012345 23,98 EUR",
        "#36037515 070 27 43 16",
    ),
    "RS": (
        "2️⃣38163418872",
        "0822590509127 866387,43 €",
        "+3816778905091;169431630",
    ),
    "NO": ("+47 61 03 97 78 325'858,94$",),
    "RO": ("021 397 7840 55% тел", "+40 21 9998 ₺ 4 772", "Max 021 9998, € 4 772"),
    "PY": ("saat 日本 080-2905-2962",),
    "HU": (
        "06202818461\n+36  50 875 4950",
        "FR 06 20 123 456 Schweiz",
        "NL 67 06 12345678",
        "1) (06 1) 234 5678\n2) 063 00 18 34 94",
    ),
    "JP": (
        "06 02 75 03 95 5 10.09., 070-9431-2252",
        "2011-04-25\nMobil: 0230787266\nOrder GmbH\nTel: 090-1234-5678\nat DE",
        "Türkiye 08029052962",
        "(CH) 072 805 11 09",
        "0993914197 22-15% Büro",
        "+81492377840 60,20 Il",
    ),
    "ID": (
        "23.4.\nTel. | +628001233148, Leipzig | %Anna",
        "0812-345-678 61!",
        "0812-345-678 61 ⭐",
        "0812-345-6789)",
        "0812-345-678 61 ,-",
        "021 83 50 12 3 2016.12.17",
        "España (0725) 013078",
        "8.03E-2",
    ),
    "IQ": ("Schweiz/0211958727/€ 12,50",),
    "PR": ("9393483590 dahili 5 /",),
    "CC": ("483-778-525\n$5\n12 €/", "+61130035 22 TAXI"),
    "KR": ("Ref 2250161 / (5076) 0294045",),
    "IL": ("050-758-0804 9 to 5 pm", "050-758-0804, 9 to 5 pm"),
    "PT": ("286 66 15 12 1,5 km",),
    "TR": (
        "item1.TEL;WORK:0532 123 45 67",
        "www.example.com,Tel: +90 532 123 45 67",
        "9,99 Il",
        "0532 123 45 67 12 Tél",
        "1. 0532 123 45 67 3. 0533 123 45 67",
        "1) 0532 123 45 67 2) 533 123 4",
        "e; kim@example.com; (Kadıköy); 444 12 34; www.example.com; GSM:",
        "morgen Nachricht 20140 € 0 (530) 063 22 20 16/10/2021",
        "kim@example.com fax: +905321234567 0532 123 45 67  -  € 12,50 12 € 14:30",
        "www.example.comAli@www.a.b/c (x)5321234567.0Tel:",
        "9:00-17:30 Tel: 1.250,00 € ( Tel: 0532 123 45 67",
        "(01/02/2020) 14:30 a@b.cd ' 0532 123 45 67)",
        "2025-11-06 16:15 arandı +905397582595",
        "0532 123 45 67, 1) Ali 2) Veli",
        "Norge: 06044; 0532 123 45 67",
        "0532 123 45 67, Norge 06044",
        "Order\n05321234567\ntel:05331234567",
        "0532 123 45 67 Ali, dahili (no) 12",
        "0532 123 45 67 Ali (2 kat)",
        "0532 123 45 67 Ali,0",
        "0532 123 45 67 Ali 5",
        "0532 123 45 67 Schweiz 44668",
        "0532 123 45 67 Ali 123456 TL",
        "0532 123 45 67 Ali 12345 TL",
        "0532 123 45 67 İÇ HAT 12",
        "Ali a 0532 123 45 67",
        "Ali (Veli) a 0532 123 45 67",
        "T: 0532 123 45 67",
        "0532 123 45 67 ? a",
        "0532 123 45 67 a (b)",
        "0532 123 45 67, Ali 12 +905331234567",
        "0532 123 45 67 17:15 arandı",
        "17:15 0532 123 45 67 arandı",
        "ORD-73565 0532 123 45 67",
        "2025-11-06 16:15 wa.me/905321234567",
        "Ali/0532 123 45 67/Ref; 0533 123 45 67",
        "0532 123 45 67 Deutschland",
        "Deutschland 0532 123 45 67",
        "Österreich 0532 123 45 67",
        "0532 123 45 67 San Marino",
        "Costa Rica, 0532 123 45 67",
        "0532 123 45 67 DE",
        "de: 0532 123 45 67",
        "0532 123 45 6 Ali",
        "Il 0532 123 45 67",
        "e tel: 0532 123 45 67",
        "0532 123 45 67 lol oo",
        "www. Ali 0532 123 45 67",
        "ev 0532 123 45 67 oo 0533 123 45 67",
        "ev 0532 123 45 67 veya 0533 123 45 67",
        "ev 0532 123 45 67 cep 533 123 4",
        "0532 123 45 67 0533 123 45 67 0534 123 45 67",
        "0532 123 45 67 0533 023 45 67",
        "0532 123 45 67 0033 123 45 67",
        "5 0444 474 7",
        "0532 123 45 67 tel or ref 05331234567",
        "0532 123 456 7 Ali",
        "0532 123 45 67 Zi4 or",
        "444 1234,56 TL",
        "4441234,56 TL",
        "12345,60",
        "12345,00",
        "123,45 x",
        "123,45 Il",
        "TL 875,85 TL",
        "0532 " * 100,
        "0532 " * 8,
        "0532 123 45 67 5a 3 kisi",
        "0532 123 45 67 9h-18h",
        "0532 123 45 67 3a) kat",
        "1. Ahmet 0532 123 45 67 2. Veli 0212 555 12 34",
        "0532 123 45 67 Ahmet 5a kat 3 x",
        "0532 123 45 67 dahili 12",
        "9am-5pm Ahmet 0532 123 45 67",
        "06580174324-12",
        "🇩🇪 0532 123 45 67",
        "www.x@ 0532 123 45 67",
        "https://x.example/?text=05321234567",
        "wa.me/abc",
        "#yok?",
        "32 0546 281 83 33",
        "053212345678901 ??",
        "212 0532 123 45 67",
        "Il 5 0532 123 45 67",
        "0532 123 45 67 22 ev",
        "0532 123 45 67 5 ev",
        "Almanya 5 0532 123 45 67",
        "Deutschland 4915120305843",
        "CH 5 0532 123 45 67",
        "543 0212 345 27 10",
        "0532 123 45 6 22 adet",
        "0850 013 0074 2003",
        "🇹🇷",
        "<b x@y.example>n/a</b>",
        "tel12-34567",
        "yok&nbsp;",
        "12www.",
        "0532 123 45 67x www.",
        "12-tel: 0532 123 45 67",
        "#x5y0532/1234567!",
        "0532 123 45 67dahili123",
        "0532 123 45 67dahili123 /4",
    ),
    "DE": (
        "Ref 07311-1234, 0151 23456789",
        "Max 12 Tel. 0660 1234567 🇦🇹",
        "Österreich 12, Tel. 0660 1234567",
        "12, Tel. 0711 1234567",
        "Max 12 Tel. 711 1234567",
        "Max 12, Tel. 711 1234567",
        "Max 12, Tel. 0711 1234567, Fax 0711 1234568",
        "Büro 62 33 44, Tel. 0711 1234567",
        "Max 62 33 44, फोन 0711 1234567",
        "A-1010 Wien, Tel. 0711 1234567",
        "Tel. Max 12, Fax 0711 1234567",
        "Max GmbH, Tel: 302-7352, Fax 0711 1234567",
        "Max 01696/386142048",  # its area code is a number
        "03620 / 77 Max",
        "0177/77429252 - 0171 - 3404756",
        "0171 1234567 + 0049 30 1234567",
        "Fax: 991 0676 2306691",
        "30123456 und Kto 0171 1234567",
        "30123456 M: 0171 1234567",
        "BLZ 30123456 Tel 0711 636891",
        "0711 1234567;isub=12, Max",
        "Max &#43;49 171 1234567",
        "www.a12.de, Max 0171 1234567",
        "https://a12.de 0171 1234567",
        "wa.me/49, Max 0171 1234567",
        "item1.TEL:0171 1234567",
        "Tel 5&nbsp;0171 1234567, Max",
        "5e1234",
        "9h-17h, 0171 1234567",
        "ab 12 €, Max 0171 1234567",
        "€ 5, Max 0171 1234567",
        "1) Max 0171 1234567 2) Ute 0172 1234567",
        "030 (Berlin) 123456",
        "5.6., Max 0171 1234567",
        "0176-90136967 6. Namibia",
        "0731 123456 12 Büro",
        "Büro 0171 39200 12 privat 030 2312 5001 12",
        "0711 123 45 67 Büro",
        "0711 1234567 3-2-2024 Max",
        "0711 123456 12 www. Max",
        "0711 1234567/030 12345 Max",
        "0171 1234567 0711 1234567 Max",
        "030 123 456 Max",
        "0711 12 123456789 Max",
        "0711 1234 1234567890 Max",
        "0151 23456789 8. Stock",
        "0151 23456789 812345 Stock",
        "0152 402 10349 7 Etage",
        "99,- € 46 € 35,- €, Tel 0171 1234567",
        "18 € 60,- € 48,- € € 22\nTel 0171 1234567",
        "68 €/h 27 € 45,- € 31 €, Tel 0171 1234567",
        "8-17 €, Max 0171 1234567",
        "DE +41910397784 USA",
        "20170514; 01512 8587148",
        "24 12 2019 / 030 1234567",
        "9-12 13-16; 030 60210",
        "0900-1930; 030 1234567",
        "8574392 €, 033908 455",
        "030 123456 2.500,53 Max",
        "5142497141, 12",
        "030 123456 12 Max",
        "030 123456 Max 12",
        "030 12345 030 54321",
        "030 1234567 030 7654321",
        "0301234567 0891234567",
        "01.02.2026 Max",
        "030-12-3456 Max",
        "030 1234-35 Max",
        "0800 123 TAXI",
        "Max (030) 123456",
        "Ref (030 123456",
        "Max (030 123456 Order (089 1234567",
        "030 1234 5678 Max",
        "030 123456 -78",
        "030 123456- 78",
        "Max 030 12345...)",
        "030 12345--)",
        "Max 030 12345- -",
        "30995 k123@example.com",
        "9:00-17:30 30995",
        "€ 19 +905321234567,92",
        "Oda 9944 030 485 69 7 4457",
        "Oda 620 030 152404",
        "Oda 620 030 1524044444",
        "Oda 30123 030 12345678901",
        "030 183890 38 adet",
        "030 123456 7 dagar",
        "030 12345678 22 adet",
        "030 1234567890 22 adet",
        "030 12345 06 1234567 22 adet",
        "3 030 12345 06 1234567",
        "030 123456 (3012-14 Uhr)",
        "030 1234567890 19.09.24",
    ),
    "US": ("650 253 CELL", "6502 KELLY", "800 555 HELP", "TL 875,85 TL", "1 " * 60, "011 " * 90),
    "FR": ("15", "1 5", "15 (ev)", "112", "3 15"),
    "GB": (
        "LU 29699",
        "Luxembourg: 29699",
        "Luxembourg-29699",
        "(lu)29699",
        "🇱🇺29 699",
        "29 699",
        "2 9 6 9",
        "DE2969",
        "29-69-9 Deutschland",
    ),
    "LU": (
        "51,- £\n43,-£; +352/800 12 073, Monika, +35290012904",
        "Max 5, Ute 2344 €, Tel 621 123 456",
        "3.2.2024 10:00 Max 2344 €, Tel 621 123 456",
        "Max GmbH;\nMobil: +352858978998;\nUhr abends;\nFax: 681 170 511",
        "2344, 661 123 456",
        "2789746.60.",
        ".2789746.60",
        "27897.46,60 TL",
        "278974,60 TL",
        "27.897,60 TL",
        "wifi: 5d2jCk2A59?a",
    ),
    "AT": (
        "0670 676247〜99",
        "Türkiye GmbH\n\nRef 04356 38722\n\nTel: +43 2149 642",
        "01 51234 01 54321 01 5123456",
        "Germany\n0660 1234567\n0664 1234567",
        "<b>🇩🇪 0660 1234567</b>",
        '<i title="🇩🇪">0660 1234567</i>',
        "512345,60 ev",
        "0512345 12 Max",
        "0663 96233 #30602230",
        "01 115/887",
    ),
    "BG": ("02 07 2014/02127855",),
    "FI": (
        "0978 220 8;",
        "0978 220 8,",
        "050 7421 77.",
        "013 651339 #367998",
        "0146 7540 10, 0175762",
        "Max 0146 7540 10, Ali 0175762",
        "Max (0146 7540 10); Ali 0175762",
        "0146 7540 (10); 0175762",
        "info@example.com 0131234567.0",
        "014 1598 18-28",
    ),
    "TO": ("Max +676 8412345, 20123 €",),
    "BE": ("10.05.2024 10:30 Ali 0470 12 34 56, wa.me/x",),
    "KM": ("760 49 42 nach 1 Uhr - 0:00-8:30",),
    "NZ": ("15 / 4 / 1953 3.549,03CHF 0802 56 888", "14 / 2 / 1979 22:00-6:30 ara P.O. 0802 56 888"),
    "SG": (
        "Ali b Veli 6113 4879",
        "91779-714; 6640 6347",
        "0am-1pm 18006062859 Max",
    ),
    "PM": ("041 12 34 041 12 35 041 12 36",),
    "AU": (
        "0011999" + "1" * 44,
        "0011999" + "1" * 260,
        "+999" + "1" * 245,
        "01 3000 2 033525 89-27",
        "0130 002 033525 89-27",
    ),
    "CN": ("0131 2345 6780 01012345 678", "131 2340 7556 x24"),
    "BR": ("0531 944 66 97 0531 135 41 78",),
    "PK": ("+ 92 364 5 6 9488 7 0 3645694887", "0317 5089141 0604571548 1", "0 36 45694887 0301 2345678"),
}


@pytest.mark.parametrize("region", TRAPS)
def test_no_trap_is_read_in_a_vector(reader: PhoneReader, region: str) -> None:
    """Each would fall through one guard if it were missing (`tests.mutation.fast_path`)."""
    assert not disagreements(reader, [(text, COUNTRIES.index(region), says) for text in TRAPS[region] for says in Says])


@pytest.mark.parametrize(
    "text",
    [
        "0532 123 45 67 Ayşe",
        "Ayşe Yılmaz 0532 123 45 67",
        "müşteri aradı, geri aranacak: 0532 123 45 67 yarın ara. teşekkürler",
        "ev 0532 123 45 67 cep 0533 123 45 67",
        "0532 123 45 67 0533 123 45 67",
        "0532 123 45 67 0533 023 45 67",
        "1.234,56 TL",
        "€ 12345,60",
        "0532 123 " * 100,
        "12 " * 30,
        "a" * 251,
        "Tel 12",
        "12345 Ali",
        "12,5 %",
        "☎ 0532 123 45 67",
        "0532 123 45 67-68",
        "Ayşe <ayse@example.com>",
        "https://www.example.com/kontakt?id=472990",
        "2026-03-19T02:16:07Z",
        "41.008200, 28.978400",
        "BNL-2446-MB08",
        "2d:c4:77:ac:10:d6",
        "Mah. 244. Sk. No:84 D:13 70084 İstanbul",
        "left voicemail, 2 calls, ask for 98765432",
        "paid 846.92 EUR on 2024-07-12",
        "Kunde ruft am 12.11. um 9:30 zurück",
        "moved to Nguyễn str. 54, 00847 Berlin",
        "37.5801° N, 40.4324° E",
        "138.580,17",
        "12345.67",
        "0532 123 45 67, 12.03.2024",
        "paid €12.50, 0532 123 45 67 - Ayşe (Kadıköy); yarın",
        "ev: 0532 123 45 67, cep: 0533 123 45 67 (12.03.2024)",
        "Selam,\nAyşe\nTel: 0532 123 45 67\nkim@example.com\nwww.example.com",
        "17612,Ayşe,0532 123 45 67,Ankara,05.07.2019",
        "Atatürk Cad. No: 12/3, Kadıköy, 0532 123 45 67",
        "Order 74021254, tel 0532 123 45 67",
        "5255 TL, Ayşe, 0532 123 45 67",
        "called a 0532 123 45 67",
        "called 12.03.2024 at 14:30, 0532 123 45 67",
        "2025-11-06 16:15 arandı +905397582595",
        "0532 123 45 67 - 08/12/2024 17:15 arandı",
        "ORD-7356534 0532 123 45 67",
        "Ayşe 0532-123-4567",
        "Oda 641 0532 123 45 67",
        "19. 0532 123 45 67",
        "Klaus (1989) (0532) 123 45 67",
        "Ayşe 3 +905321234567",
        "4 0532 123 45 67",
        "0532 123 45 67 22 adet",
        "0532 123 45 67 (10-17 Uhr)",
        "0532 123 45 67 x26",
        "0532 123 45 67 ::: 0533 123 45 67",
        "0532 123 45 67 2011",
        "(0532) 123 45 67 19.09.24",
        "0532 123 45 67 18:22",
        "0532 123 45 67 ??",
        "€ 9095 0532 123 45 67",
        "148,72 € 0532 123 45 67",
        "Türkiye 0532 123 45 67",
        "0532 123 45 67 (Türkiye)",
        "Deutschland +49 30 123456",
        "Deutschland 030 1234567",
        "1) 0532 123 45 67 2) 0533 123 45 67",
        "1. 0532 123 45 67\n2. 0533 123 45 67\n3. 0534 123 45 67",
        "0532 123 45 67 %13",
        "0532 123 45 67 13% indirim",
        "0532 123 45 67 7-19 arası",
        "0532 103 05 67 07-19",
        "0532 123 45 67 #13302",
        "#18611 0532 123 05 67",
        "0532 123 45 67 2.599,03 TL 27.07.2023",
        "0532 123 45 67 2.599,53 €",
        "Max Muster\nMuster GmbH\nTel: 0532 123 45 67\nFax: 0533 123 45 67\nmax@example.com",
        "Max; ev 0532 123 45 67 | 0533 123 45 67",
        "0532 123 45 67 2.599,03 €",
        '"Ali Veli","0532 123 45 67","13715 Bursa","14.10.2015"',
        '17711,"Ali Veli",0532 123 45 67,"Bursa, 10276",2026-08-09',
        '{"phone": "0532 123 45 67"}',
        '{"id": 18724, "phone": "0532 123 45 67"}',
        "['0532 123 45 67', '0533 123 45 67']",
        "<div>0532 123 45 67</div><div>0533 123 45 67</div>",
        "27611, 84606, 18271, 43432, 25455",
        "Ali Veli\nVeli A.S.\nTel: 0532 123 45 67\nkim@example.com",
        '"Ali Veli" 0532 123 45 67',
        "2008/25455-EE",
        "0532 123 45 67 (0533 123 45 67)",
        "Atatürk Cad. 12, 34710 Kadıköy, Tel: 0532 123 45 67",
        "Ayşe\nAtatürk Cad. 12\n34710 Kadıköy\nTel: 0532 123 45 67\nFax: 0533 123 45 67\nkim@example.com",
        "Ayşe K. Tel: 0532 123 45 67",
        "annem Phone: 532 123 45 67",
        "Ayşe 0532/1234567",
        "Tel. 0532 / 123 45 67 akşam",
        "0532 - 1234567 (Ayşe)",
        "0532/1234567, 0533/1234567",
        "ev 0212/3456789 cep 0532/1234567",
        "0532 123 45 67 + 0533 123 45 67",
        "Bay Ali, 0532 123 45 67, Bayan Veli, 0533 123 45 67",
        "Ayşe K. 0532 123 45 67",
        "T 0212 345 67 89 M 0532 123 45 67",
        "T: 0212 345 67 89\nF: 0212 345 67 90\nM: 0532 123 45 67",
        "Kd.-Nr. 47110 0532 123 45 67",
        "Kd-Nr: 47110 0532 123 45 67",
        "Hesap 5321234567 Vergi 5331234567",
        "Hesap 5321234567 Vergi 5331234567 0532 123 45 67",
    ],
)
def test_what_many_lists_hold_is_not_read_cell_by_cell(read_at_once: ReadAtOnce, text: str) -> None:
    """It would be right, and slower than phonenumbers alone."""
    cell = (text, COUNTRIES.index("TR"), Says.NATIONAL)
    expected = read_carefully(*cell)
    assert read_at_once(cell) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("0731 123456 2. Etage", RejectReason.LETTERS_IN_NUMBER),
        ("0731/123456 12 Stufen", RejectReason.LETTERS_IN_NUMBER),
        ("0731 123 456 Max Muster", RejectReason.LETTERS_IN_NUMBER),
        ("0176 90136967 10-12 Uhr", RejectReason.AMBIGUOUS_RANGE),
        ("0711 1234567 8-17 Uhr", RejectReason.LETTERS_IN_NUMBER),
    ],
)
def test_a_number_that_words_may_count_is_not_read_one_by_one(read_at_once: ReadAtOnce, text: str, reason: RejectReason) -> None:
    """Where numbers vary in length, nobody can tell where it ends."""
    cell = (text, COUNTRIES.index("DE"), Says.NATIONAL)
    assert read_carefully(*cell) == [rejected(reason)]
    assert read_at_once(cell) == [rejected(reason)]


@pytest.mark.parametrize(
    "text",
    [
        "Rechnung 4711 vom 3.2.2024: 1.234,56 €",
        "RE-2024-0012 1.234,56 €",
        "2 Stk. à 19,90 €",
        "3 Reifen à 5,00 = 15,00 €",
        "Summe: 1.249,00 €",
        "netto 1.234,56 € / brutto 1.469,13 €",
        "950,00 € kalt, 75 m²",
        "Max Muster\nBahnhofstr. 12\n89073 Ulm",
        "0731 1234567 ab 18:00 Uhr",
        "Termin 3.2.2024, 14:30 Uhr, 0731 1234567",
    ],
)
def test_what_german_lists_hold_is_not_read_cell_by_cell(read_at_once: ReadAtOnce, text: str) -> None:
    """Where runs of four to six digits are numbers, a sum, a year or a post code may be one; its shape tells that it is none."""
    cell = (text, COUNTRIES.index("DE"), Says.NATIONAL)
    expected = read_carefully(*cell)
    assert expected == [rejected(RejectReason.LETTERS_IN_NUMBER)]
    assert read_at_once(cell) == expected


@pytest.mark.parametrize(
    ("text", "e164"),
    [
        ("Max Muster\nBahnhofstr. 12\n89073 Ulm\nTel. 0731 1234567", "+497311234567"),
        ("Muster & Söhne\nBahnhofstr. 12\n89073 Ulm\nTel. 0731 7654321\nmax@example.com", "+497317654321"),
        ("Bahnhofstr. 12, 89073 Ulm, Tel. 0731 1234567", "+497311234567"),
    ],
)
def test_an_address_goes_from_before_a_label_in_a_vector(read_at_once: ReadAtOnce, text: str, e164: str) -> None:
    """Cards of a German firm: where four digits may be a number, the label says that the number begins behind the address."""
    cell = (text, COUNTRIES.index("DE"), Says.NATIONAL)
    assert [each.e164 for each in read_at_once(cell)] == [e164]  # type: ignore[attr-defined]


def test_how_many_digits_go_from_before_a_label_depends_on_the_region(reader: PhoneReader) -> None:
    """Four are a number in Luxembourg, and none of a German's without a 0."""
    cells = [("Ali 2344, Tel. +352 621 123 456", COUNTRIES.index(region), Says.NOTHING) for region in ("LU", "DE")]
    assert not disagreements(reader, cells)
    assert [read_carefully(*cell)[0].e164 for cell in cells] == [None, "+352621123456"]
