"""The likely encoding of text that is not Unicode.

charset-normalizer is good with scripts of their own (Cyrillic, Greek, Arabic, Chinese …) and poor with a few accented letters
among ASCII: it took Turkish for Icelandic and French for Czech. So Latin text is judged by whose letters it has.
"""

from __future__ import annotations

import re

_OTHER_SCRIPTS = [
    "cp1251",
    "cp1253",
    "cp1255",
    "cp1256",
    "cp874",
    "koi8_r",
    "cp866",
    "cp932",
    "euc_jp",
    "gb18030",
    "big5",
    "cp949",
]
# Which letters beyond ASCII a language has, by the code page it is exported in; the earlier wins a tie.
_LATIN = [
    ("cp1254", "çğıöşüÇĞİÖŞÜâîûÂÎÛ"),  # Turkish
    ("cp1252", "äöüßÄÖÜéÉ"),  # German
    ("cp1252", "éèêëàâçîïôùûüœÉÈÊËÀÂÇÎÏÔÙÛ"),  # French
    ("cp1252", "áéíóúñüÁÉÍÓÚÑÜ¿¡"),  # Spanish
    ("cp1252", "àèéìòùÀÈÉÌÒÙ"),  # Italian
    ("cp1252", "åäöæøéÅÄÖÆØ"),  # Scandinavian languages
    ("cp1250", "áéíóöőúüűÁÉÍÓÖŐÚÜŰ"),  # Hungarian
    ("cp1252", "ãõáâàéêíóôúçÃÕÁÂÀÉÊÍÓÔÚÇ"),  # Portuguese
    ("cp1250", "ąćęłńóśźżĄĆĘŁŃÓŚŹŻ"),  # Polish
    ("cp1250", "áčďéěíňóřšťúůýžľĺŕôäÁČĎÉĚÍŇÓŘŠŤÚŮÝŽĽ"),  # Czech, Slovak
    ("cp1250", "čćđšžČĆĐŠŽ"),  # Croatian, Slovenian
    ("cp1250", "ăâîşţĂÂÎŞŢ"),  # Romanian
    ("iso8859_2", "ąćęłńóśźżĄĆĘŁŃÓŚŹŻ"),  # the same languages from Unix
    ("iso8859_2", "áčďéěíňóřšťúůýžľĺŕôäÁČĎÉĚÍŇÓŘŠŤÚŮÝŽĽ"),
    ("iso8859_2", "čćđšžČĆĐŠŽ"),
    ("iso8859_2", "ăâîşţĂÂÎŞŢ"),
    ("cp1257", "ąčęėįšųūžāēģīķļņäöüõĄČĘĖĮŠŲŪŽĀĒĢĪĶĻŅÄÖÜÕ"),  # Baltic languages
    ("cp1252", "þðæöáéíóúýÞÐÆÖÁÉÍÓÚÝ"),  # Icelandic
    ("cp857", "çğıöşüÇĞİÖŞÜ"),
    ("cp850", "äöüßÄÖÜéèêàçñáíóúåæø"),
    ("cp852", "ąćęłńóśźżáčďéěíňřšťúůýžĄĆĘŁŃÓŚŹŻČŘŠŽ"),
    ("mac_roman", "äöüßÄÖÜéèêàçñáíóúåæø"),
]
_PUNCTUATION = frozenset(
    "\u2013\u2014\u2018\u2019\u201a\u201c\u201d\u201e\u2026\u20ac\u00a3\u00b0\u00a7\u00b4\u00b7\u00ab\u00bb\u00ba\u00aa\u00a0\u2022"
)
_SURE_FIT = 0.97
"""No other script has only bytes that are one Latin language's letters."""
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")


def guess_encoding(sample: bytes) -> str:
    """Name of the likeliest encoding of lines that hold bytes beyond ASCII."""
    runs = _HIGH_RUN.findall(sample)
    high = b" ".join(runs)
    fits = {language: _fit(high, *language) for language in _LATIN}
    likeliest = max(_LATIN, key=fits.__getitem__)
    if fits[likeliest] < _SURE_FIT and sum(map(len, runs)) > 1.5 * len(runs):
        from charset_normalizer import from_bytes

        best = from_bytes(sample, cp_isolation=_OTHER_SCRIPTS, enable_fallback=False).best()
        if best:
            return best.encoding
    return likeliest[0]


def _fit(high: bytes, encoding: str, letters: str) -> float:
    """Which part of the letters beyond ASCII belongs to the language."""
    found = [char for char in high.decode(encoding, "replace") if char != " " and char not in _PUNCTUATION]
    return sum(char in letters for char in found) / max(len(found), 1)
