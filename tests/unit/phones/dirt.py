"""Dirt as lists have it: one honest number in each decoration that is read in vectors, near misses of each, and cells of several.

Shared by the tests and `make bench`; what a cell must become is never taken from here.
"""

from __future__ import annotations

import random
from collections.abc import Callable

Dress = Callable[[str, str], str]

ARABIC = str.maketrans("0123456789", "\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669")
FULL_WIDTH = str.maketrans({chr(char): chr(char + 0xFEE0) for char in range(ord("!"), ord("~") + 1)})


def _threes(digits: str, sign: str) -> str:
    return f"{int(digits):,}".replace(",", sign)


def _scientific(digits: str, point: str = ".") -> str:
    return f"{digits[0]}{point}{digits[1:]}E+{len(digits) - 1}"


def _cut(digits: str, sign: str, place: int = 3) -> str:
    return digits[:place] + sign + digits[place:]


# Each takes a number as it is written and its bare digits with the calling code.
DRESSES: dict[str, Dress] = {
    "a float": lambda written, digits: digits + ".0",
    "a float with a comma": lambda written, digits: digits + ",0",
    "no-break spaces": lambda written, digits: written.replace(" ", "\u00a0"),
    "en dashes": lambda written, digits: written.replace(" ", "\u2013"),
    "an apostrophe": lambda written, digits: "'+" + digits,
    "quotes": lambda written, digits: f'"{written}"',
    "a formula": lambda written, digits: f'="{written}"',
    "Arabic digits": lambda written, digits: written.translate(ARABIC),
    "full-width digits": lambda written, digits: ("+" + digits).translate(FULL_WIDTH),
    "a slash after the area code": lambda written, digits: written.replace(" ", "/", 1),
    "tel:": lambda written, digits: "tel:+" + digits,
    "a vCard": lambda written, digits: "TEL;TYPE=CELL:+" + digits,
    "callto:": lambda written, digits: "callto:" + written,
    "a tab behind": lambda written, digits: written + "\t",
    "a line feed behind": lambda written, digits: written + "\n",
    "tabs inside": lambda written, digits: written.replace(" ", "\t"),
    "thousands": lambda written, digits: _threes(digits, ","),
    "thousands with points": lambda written, digits: _threes(digits, "."),
    "Swiss thousands": lambda written, digits: _threes(digits, "'"),
    "a float of thousands": lambda written, digits: _threes(digits, ",") + ".0",
    "scientific": lambda written, digits: _scientific(digits),
    "scientific with a comma": lambda written, digits: _scientific(digits, ","),
    "zero-width spaces": lambda written, digits: f"\u200b{written}\u2060",
    "bidi marks": lambda written, digits: f"\u202a{written}\u202c",
    "a byte order mark": lambda written, digits: "\ufeff" + written,
    "a label": lambda written, digits: "Tel: " + written,
    "two labels": lambda written, digits: "Cep Tel. " + written,
    "a bracketed label": lambda written, digits: f"(Cep) {written}",
    "a label in Chinese": lambda written, digits: f"电话：{written}",
    "square brackets": lambda written, digits: f"[{written}]",
    "a comma before": lambda written, digits: "," + written,
    "marks before": lambda written, digits: f")-.# {written}",
    "a bracket behind": lambda written, digits: f"{written} (",
    "a semicolon behind": lambda written, digits: written + ";",
    "a bracketed code": lambda written, digits: f"(+{digits[:2]}) {digits[2:]}",
    "dressed twice": lambda written, digits: f"'{digits}.0",
    "in tags": lambda written, digits: f"<td><b>{written}</b></td>",
    "an HTML link": lambda written, digits: f'<a href="tel:+{digits}">{written}</a>',
    "an e-mail address behind": lambda written, digits: f"{written}, kim@example.com",
    "an e-mail address before": lambda written, digits: f"kim@example.com {written}",
}

# One step away from what the vectors take: each must become what the careful path says, whoever reads it.
NEAR_MISSES: dict[str, Dress] = {
    "a fraction": lambda written, digits: digits + ".05",
    "two zeros": lambda written, digits: digits + ".00",
    "a zero before a float": lambda written, digits: "0" + digits + ".0",
    "a short float": lambda written, digits: digits[:4] + ".0",
    "ten": lambda written, digits: digits + ".10",
    "another slash": lambda written, digits: written.replace(" ", "/"),
    "a slash and a tail": lambda written, digits: written.replace(" ", "/", 1) + "/8",
    "a tail after the slash": lambda written, digits: f"{written}/{digits[-3:]}",
    "a slash in the middle": lambda written, digits: _cut(digits, "/", 7),
    "an early slash": lambda written, digits: _cut(digits, "/", 1),
    "an extension": lambda written, digits: f"tel:+{digits};ext=5",
    "a context": lambda written, digits: f"tel:{digits[2:]};phone-context=+{digits[:2]}",
    "a parameter": lambda written, digits: f"tel:+{digits};isub=12",
    "mixed digits": lambda written, digits: written[:5] + written[5:].translate(ARABIC) + "x",
    "a mark in a word": lambda written, digits: f"ab\u00a0c {written}",
    "digits lost": lambda written, digits: f"{digits[0]}.{digits[1:6]}E+{len(digits) - 1}",
    "a wrong exponent": lambda written, digits: f"{digits[0]}.{digits[1:]}E+{len(digits)}",
    "a negative exponent": lambda written, digits: f"{digits[0]}.{digits[1:]}E-{len(digits) - 1}",
    "thousands of four": lambda written, digits: _cut(_threes(digits, ","), "0", -1),
    "thousands of two kinds": lambda written, digits: _threes(digits, ",").replace(",", ".", 1),
    "thousands that begin with zero": lambda written, digits: "0" + _threes(digits, ","),
    "thousands with a fraction": lambda written, digits: _threes(digits, ",") + ".5",
    "a formula that calculates": lambda written, digits: "=" + written,
    "a negative in quotes": lambda written, digits: f"'-{digits}",
    "a quote inside": lambda written, digits: _cut(digits, '"'),
    "a quote behind": lambda written, digits: written + '"',
    "an unknown scheme": lambda written, digits: "fax:" + written,
    "a scheme twice": lambda written, digits: "tel:tel:" + written,
    "a label and a count": lambda written, digits: "Tel 2 " + written,
    "a label and a group": lambda written, digits: f"Tel {digits[:1]} {digits[1:4]} {digits[4:]}",
    "a label without a gap": lambda written, digits: "Tel" + written,
    "a letter for a label": lambda written, digits: "I " + written,
    "a country": lambda written, digits: "Deutschland " + written,
    "a bracketed letter": lambda written, digits: f"(O) {written}",
    "a minus": lambda written, digits: f"-{digits}",
    "dots behind": lambda written, digits: written + "..",
    "a dash behind": lambda written, digits: f"[{written}-]",
    "a bar behind": lambda written, digits: written + "|",
    "a range in brackets": lambda written, digits: f"[{written}-{(int(digits[-2:]) + 1) % 100:02}]",
    "a range in quotes": lambda written, digits: f"'{written}-{(int(digits[-2:]) + 1) % 100:02}'",
    "a nought inside": lambda written, digits: f"\u00a0\0{written}",
    "a picture": lambda written, digits: f"\u260e {written}",
    "a code in two brackets": lambda written, digits: f"(+{digits[:2]})({digits[2:5]}) {digits[5:]}",
    "a code of four": lambda written, digits: f"(+{digits[:4]}) {digits[4:]}",
}

SEPARATORS = (
    "; ",
    ";",
    ", ",
    "/",
    " / ",
    " | ",
    "\n",
    " - ",
    " or ",
    " veya ",
    " ve ",
    " и ",
    " & ",
    "-",
    " ",
    " + ",
    ";;",
    "; ; ",
)


def groups(digits: str, chance: random.Random) -> str:
    """A national number in groups, some with brackets or dashes."""
    sign = chance.choice(("", " ", " ", "-"))
    return chance.choice((f"{digits[:3]}{sign}{digits[3:6]}{sign}{digits[6:]}", f"({digits[:4]}) {digits[4:]}", digits))


def several(written: list[str], chance: random.Random) -> str:
    """Cells of two or three numbers, whole or the second without its beginning."""
    cell = written[0]
    for other in written[1:]:
        cell += chance.choice(SEPARATORS) + (other if chance.random() < 0.9 else other[4:])
    return cell


_LETTER_OF_DIGIT = str.maketrans("0123456789", "abcdefghij")
# What surely holds no number, by its shape; each takes digits.
NO_NUMBERS: dict[str, Callable[[str], str]] = {
    "words": lambda digits: "ring back later",
    "accented words": lambda digits: "numarası değişti",
    "words in Cyrillic": lambda digits: "не звонить",
    "an e-mail address": lambda digits: f"a{digits[:2]}@example.com",
    "a letter in the number": lambda digits: _cut(digits, "O"),
    "a letter behind": lambda digits: digits + "a",
    "a letter before": lambda digits: "q" + digits,
    "a code": lambda digits: f"{digits[:4]}ab-{digits[4:6]}cd",
    "a pasted document": lambda digits: "word " * 300,
    "few digits in groups": lambda digits: f"{digits[:3]} {digits[3:5]} 1",
    "an order number": lambda digits: f"ORD-9{digits[-7:]}",
    "an address": lambda digits: f"Cad. No: 1{digits[-2:]}/1{digits[-3]}, 3{digits[-4:]} Kadıköy",
    "a UUID": lambda digits: f"{digits[-8:]}-d8f1-6adf-91b7-584a2265b1f5",
    "a price with a point": lambda digits: f"{digits[1:7]}.{digits[-2:]} TL",
    "a price with a comma": lambda digits: f"{digits[1:7]},{digits[-2:]} TL",
    "a date": lambda digits: f"1{digits[-1]}.1{int(digits[-2]) % 3}.19{digits[-4:-2]}",
    "a date with a time": lambda digits: f"19{digits[-4:-2]}-1{int(digits[-2]) % 3}-1{digits[-1]} 1{digits[-3]}:3{digits[-5]}",
    "a name and its address": lambda digits: f"Ayşe Öz <a{digits[-4:].translate(_LETTER_OF_DIGIT)}@example.com>",
    "a page": lambda digits: f"https://www.example.com/k?id={digits[-6:]}",
    "a moment": lambda digits: f"20{digits[-2:]}-0{digits[-3]}-1{digits[-4]}T0{digits[-5]}:1{digits[-6]}:07Z".replace(
        "-00-", "-10-"
    ),
    "a place": lambda digits: f"4{digits[-1]}.{digits[-7:-1]}, 2{digits[-2]}.{digits[-6:]}",
    "a product's code": lambda digits: f"BNL-{digits[-4:]}-MB{digits[-6:-4]}",
    "a card": lambda digits: f"45{digits[-2:]} {digits[-4:]} {digits[-6:-2]} 1{digits[-7:-4]}",
    "a range": lambda digits: f"{digits[:4]} {digits[4:7]} {digits[7:9]} {digits[9:]}-{(int(digits[-2:]) + 1) % 100:02}",
    "a computer's address": lambda digits: f"10.1{digits[-2:]}.{digits[-4:-2]}.{digits[-6]}",
    "a network card": lambda digits: f"a{digits[-1]}:{digits[-3:-1]}:b{digits[-4]}:{digits[-6:-4]}:c{digits[-7]}:0f",
    "a checksum": lambda digits: f"{digits[:5]}c{digits[5:8]}ad{digits[3:6]}e{digits[-4:]}fb{digits[:3]}",
    "a UUID in braces": lambda digits: f"{{{digits[-8:]}-D8F1-6ADF-91B7-584A2265B1F5}}",
    "rounded": lambda digits: f"{digits[1]}.{digits[2:5]}E+11",
    "a small fraction": lambda digits: f"{digits[1]}.{digits[2:]}e-06",
    "a negative sum": lambda digits: f"-{digits[1:]}.50",
    "a formula that looks up": lambda digits: f"=VLOOKUP(A{digits[-2:]},B1:C{digits[-4:]},2,0)",
    "degrees": lambda digits: f"41°{digits[-2:]}'12\"N 28°{digits[-4:-2]}'30\"E",
    "a statement": lambda digits: f"SELECT * FROM t WHERE id = 1{digits[-6:]};",
    "settings": lambda digits: f"id={digits[-5:]};type=a;n={digits[-2:]}",
    "a document in JSON": lambda digits: f'{{"id": 1{digits[-4:]}, "at": "2024-0{digits[1]}-1{digits[-1]}"}}',
    "an image": lambda digits: f'<img src="/i/1{digits[-6:]}.png" width="{digits[-3:]}">',
    "a line of a log": lambda digits: f"2024-05-1{digits[-1]} 10:{digits[-3:-1]}:00 ERROR no answer ({digits[-4:]})",
    "a program and its version": lambda digits: (
        f"Mozilla/5.0 (X11; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/1{digits[-2:]}.0.0.0 Safari/9"
    ),
    "a row": lambda digits: f"{digits[-4:]},abc,2024-05-1{digits[-1]},12.{digits[-2:]},true",
    "a week": lambda digits: f"KW {digits[-2:]}/{digits[-2:]}",
    "a list of short numbers": lambda digits: ", ".join(f"1{digits[place : place + 4]}" for place in range(7)),
}

_SCRAPS = (
    *(
        "",
        " ",
        "-",
        "/",
        "(",
        ")",
        ",",
        ";",
        ".",
        "\n",
        "&",
        "#",
        "+",
        "@",
        "x",
        "O",
        "I",
        "T",
        "e",
        "E+",
        "12",
        "2",
        "0",
        "10:30",
    ),
    *(
        "n/a",
        "yok",
        "None",
        "xxx",
        "missing",
        "İ",
        "mißing",
        "ext",
        "dahili",
        "dw",
        "Tel",
        "GSM",
        "cep",
        "Ahmet",
        "veya",
        "tel:",
        "www.",
    ),
    *(
        "2024-01-05",
        "05.11.26",
        "\u260e",
        "à",
        "Deutschland",
        "0532 123 45 67",
        "030 123456",
        "5321234567",
        "+905321234567",
        "123,45",
    ),
)


def junk(chance: random.Random) -> str:
    """Scraps of cells in any order, and strings of the characters that mean something."""
    if chance.random() < 0.3:
        return "".join(chance.choices("abexEtTxO0123456789 .,;/+-()", k=chance.randint(1, 14)))
    cell = "".join(chance.choice(_SCRAPS) for _ in range(chance.randint(1, 4)))
    return cell.upper() if chance.random() < 0.2 else cell
