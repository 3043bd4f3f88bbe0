"""Pieces of which hostile cells, lines and files are made: whatever some rule or reader looks for, repeated."""

from __future__ import annotations

import random

FRAGMENTS = (
    *"0123456789+-.,;:/|()[]{}<>'\"=&#%*x~_@! \t\n\r\0",
    "00", "+49", "030", "(0)", "()", "((", "))", "[[", "1 ", "12 ", "0 1", "1-", "1/", "1.", "1,", "1;", "+1", "+ ", "-1-", " - ", " / ", " | ", ":::", " ::: ",
    "12345678", "0532 123 45 67", "+905321234567", "030 123456 ", "0151 23456789/", "5321234567.0", "1E+11", "9.05E+11 ", "1,234,", "1.234.",
    "a", "I", "l", "O", "x1", "ext", "ext.1 ", " ext 5", "or ", " or ", " veya ", "Tel ", "Tel:", "Tel. 1 ", "Durchwahl ", "dahili", "Uhr ", " 2 kişi", "DE ", "Deutschland ",
    "tel:", "callto:", "sms:", "wa.me/", "https://wa.me/49", "https://api.whatsapp.com/send?phone=", "phone=", "?phone=", "&amp;", "&#43;", "&nbsp;", "%20", "%2B", "%25",
    ";type=", ";ext=1", ";isub=1", ";rn=", ";phone-context=+", ";phone-context=", "TEL;TYPE=CELL:", "item1.TEL:", "BEGIN:VCARD\n", "=HYPERLINK(\"tel:", '="', "@s.whatsapp.net",
    "<br>", "<a href=\"", "</a>", "•", "、", "،", "；", "／", "～", "–", "—", "\u00a0", "\u200b", "\u200e", "\u202a", "\u0301", "\u0327", "\ufeff", "\u2028",
    "٠", "٩", "१", "０", "＋", "²", "①", "𝟎", "é", "e\u0301", "ß", "ﬁ", "ü", "ж", "张", "한", "ع", "א", "😀", "🇩🇪", "\u1e9e", "İ", "\U000e0031", "\ufdfa",
    '""', '"a"', '"a', 'a"', '","', '";"', '"\n', "\r\n", "\n\n", "a,", "a;", "a\t", "a^", "'", "\\", '\\"', "sep=;", "#N/A", "-",
)  # fmt: skip


def joined(chance: random.Random, most: int = 3) -> str:
    """Some of them side by side."""
    return "".join(chance.choices(FRAGMENTS, k=chance.randint(1, most)))


def pumped(chance: random.Random, size: int) -> str:
    """A beginning, a piece over and over up to so many characters, and an end."""
    piece = joined(chance)
    start, end = (joined(chance) if chance.random() < 0.6 else "" for _ in range(2))
    return start + piece * (size // len(piece)) + end
