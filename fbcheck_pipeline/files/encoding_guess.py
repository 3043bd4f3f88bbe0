"""The likely encoding of text that is not Unicode.

charset-normalizer is good with pages of Chinese, Japanese or Korean, and poor with a few letters among ASCII: it took Turkish
for Icelandic, French for Czech, and a Russian name for Korean. So text of an alphabet is judged by whose letters it has.
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
# Code pages of one alphabet differ by where its capitals stand: read in the wrong one, words begin small and go on large.
_CYRILLIC = ("\u0400", "\u045f", frozenset("\u043e\u0435\u0430\u0438\u043d\u0442\u0441\u0440\u0432\u043b"))
_ALPHABETS = {  # first and last letter, and the most frequent ones
    "cp1251": _CYRILLIC,
    "koi8_r": _CYRILLIC,
    "cp866": _CYRILLIC,
    "iso8859_5": _CYRILLIC,
    "cp1253": ("\u0384", "\u03ce", frozenset("\u03b1\u03bf\u03b9\u03b5\u03c4\u03c3\u03bd\u03b7\u03c1\u03c2")),  # Greek
    "cp1255": ("\u05d0", "\u05ea", frozenset("\u05d9\u05d5\u05d4\u05dc\u05d0\u05ea\u05e8\u05de\u05d1\u05e9")),  # Hebrew
    "cp1256": ("\u060c", "\u06d5", frozenset("\u0627\u0644\u064a\u0645\u0648\u0646\u062a\u0631")),  # Arabic
}
_LONG_RUN = 2.0
"""Letters beyond ASCII side by side: in Latin they are rare, in an alphabet of its own whole words."""
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
    run_length = sum(map(len, runs)) / max(len(runs), 1)
    if fits[likeliest] < _SURE_FIT and run_length >= _LONG_RUN and (alphabet := _alphabet_of(runs)):
        return alphabet
    if fits[likeliest] < _SURE_FIT and run_length > 1.5:
        from charset_normalizer import from_bytes

        best = from_bytes(sample, cp_isolation=_OTHER_SCRIPTS, enable_fallback=False).best()
        if best:
            return best.encoding
    return likeliest[0]


def _fit(high: bytes, encoding: str, letters: str) -> float:
    """Which part of the letters beyond ASCII belongs to the language."""
    found = [char for char in high.decode(encoding, "replace") if char != " " and char not in _PUNCTUATION]
    return sum(char in letters for char in found) / max(len(found), 1)


def _alphabet_of(runs: list[bytes]) -> str | None:
    """The code page in which nearly all letters are of one alphabet, and most of them frequent ones; None without one."""
    found = {encoding: _written(runs, encoding, *letters) for encoding, letters in _ALPHABETS.items()}
    best = max(found, key=found.__getitem__)
    return best if found[best][0] else None


def _written(runs: list[bytes], encoding: str, first: str, last: str, frequent: frozenset[str]) -> tuple[bool, float]:
    """Whether nearly all letters belong to the alphabet, none a capital within a word that begins small; the share of frequent ones."""
    words = [run.decode(encoding, "replace") for run in runs]
    letters = [
        first <= char <= last and not (char.isupper() and at and word[at - 1].islower())
        for word in words
        for at, char in enumerate(word)
        if char not in _PUNCTUATION
    ]
    text = "".join(words).lower()
    return sum(letters) >= _SURE_FIT * len(letters), sum(map(text.count, frequent)) / max(len(text), 1)
