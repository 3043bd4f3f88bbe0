"""Dirty cells by composition: numbers of sixty regions between random dirt, with the numbers that a person would read in them.

Whatever else comes out of such a cell is silently wrong. Dirt with digits of its own is marked by words or marks that say what the digits are.
"""

from __future__ import annotations

import random
from typing import NamedTuple

from phonenumbers import PhoneNumber

from tests.unit.phones.dirt import ARABIC, FULL_WIDTH
from tests.world.people import E164, INTERNATIONAL, NATIONAL, REGIONS, valid_numbers, written

BEFORE = (
    "Tel: ", "Tel. ", "tel:", "Phone: ", "Cep: ", "(Cep) ", "Handy ", "M: ", "📞 ", "☎ ", "WhatsApp: ", "GSM ", "Call ", "Büro: ", "Mobile (work): ", "p:", "'", '"', "=\"",
    "\u200e", "\u202a", "\ufeff", "\u00a0", "\t", "\n", "- ", "* ", "• ", ">> ", "[", "(", "<", "2. ", "#1 ", "№ ", "Nr. ", "no: ", "tél.: ", "тел. ", "电话：", "هاتف: ",
    "callto:", "sms:", "TEL;TYPE=CELL:", "item1.TEL:", "Ahmet Yılmaz ", "Müller, Hans: ", "Fam. Öz – ", "since 2019: ", "01.11.2026 ", "2026-11-01: ", "10:30 ", "x ", "O ", "<b>",
    "https://wa.me/", "wa.me/", "https://api.whatsapp.com/send?phone=", "a@example.org, ", "Main St. 5, ", "(3) ", "10115 Berlin, ", "ca. ",
)  # fmt: skip
BEHIND = (
    " ", "\t", "\n", "\r\n", ";", ",", ".", "|", "/", "-", " -", "*", "!", "?", "'", '"', "\u200b", "\u202c", "\u00a0", "]", ")", ">", " (Max)", " (home)", " Ahmet", " - Ali",
    " ext. 12", " x34", " int 5", " dahili 123", ", Durchwahl 7", "#99", ";ext=5", " ramal 4", " (9-17 Uhr)", " ab 18 Uhr", " 2. Etage", " 3 kişi", " 2 Klingeln", " bis 20:00",
    " am 05.11.", " (2019)", " /2019", " 24/7", " 24h", ".0", ",0", " €", "/37/38", " - 99", " +1", " &", "...", "??", " x", " X", "O", " l", "a", "xx",
    "@s.whatsapp.net", "@c.us", "?text=hi", "&text=a%2012", ";type=cell", ";isub=12", ";phone-context=example.com", "<br>", "</b>", " no SMS", " veya", " or", " und", " ve eşi",
    " Zi. 12", " App 4", " apt 5", " kat 3", " (DE)", " [US]", " 🇹🇷", " (1)", 
)  # fmt: skip
BETWEEN = (
    "; ", ";", ", ", ",", " / ", "/", " | ", "|", "\n", "\r\n", " - ", " – ", " ", "  ", "\t", " or ", " veya ", " und ", " & ", " + ", " ::: ", "<br>", "<br/>", " • ", "、", " ، ", "; Tel: ",
    " cep ", " (privat), ", " fax: ", " ev: ", ";preferred:", "\nTEL;TYPE=WORK:", " - 2. ", ", 2) ", " and ", " ou ", " и ", " 或 ", "\u2028", "¦", "·", " \\ ", "\\n", " -> ", "~", "_", " // ",
)  # fmt: skip


class DirtyCell(NamedTuple):
    """A cell, the region of its list, and all numbers that it says."""

    text: str
    region: str
    truth: frozenset[str]


def dirty_cell(chance: random.Random) -> DirtyCell:
    """One to three numbers of one region, each in dirt of its own."""
    region = chance.choice(REGIONS)
    numbers = chance.sample(valid_numbers(region), chance.choice((1, 1, 1, 2, 2, 3)))
    between = chance.choice(BETWEEN)
    parts = [_in_dirt(each, chance) for each in numbers]
    return DirtyCell(between.join(parts), region, frozenset(written(each, E164) for each in numbers))


def _in_dirt(number: PhoneNumber, chance: random.Random) -> str:
    text = written(number, chance.choice((E164, INTERNATIONAL, INTERNATIONAL, NATIONAL, NATIONAL, NATIONAL)))
    match chance.randrange(10):
        case 0:
            text = text.replace(" ", chance.choice(("\u00a0", ".", "-", "", "  ", "\u2009", "–", "~", "/")))
        case 1:
            text = text.translate(chance.choice((ARABIC, FULL_WIDTH)))
        case 2:
            text = written(number, E164)[1:]
    before = "".join(chance.choices(BEFORE, k=chance.choice((0, 0, 1, 1, 2))))
    behind = "".join(chance.choices(BEHIND, k=chance.choice((0, 0, 1, 1, 2))))
    return before + text + behind
