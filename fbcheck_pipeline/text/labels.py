"""Words beside a number: labels, names, extensions; and letters that stand for digits, which never go.

Rules like those of `decorations`. The words themselves are in `cell_words`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fbcheck_pipeline.model.reasons import RejectReason
from fbcheck_pipeline.text.cell_words import COUNTED, EXTENSION_WORDS, LABEL_LETTERS, LABELS, words_of
from fbcheck_pipeline.text.decorations import Reject

LETTER = r"[^\W\d_]"
_LETTERS = re.compile(LETTER)
_NO_BRACKET = r"[^()\[\]{}<>\d]*"
_BRACKETED = re.compile(rf"[(\[{{<]{_NO_BRACKET}{LETTER}{_NO_BRACKET}[)\]}}>]")
_LEADING = re.compile(rf"([^\d+]*{LETTER}[^\d+]*?)([\s:.,;\-_)\]=/]*)(?=[(\[]?[\d+])")
_TRAILING = re.compile(rf"(?<=[\d)\]])([^\w+]+)({LETTER}[^\d+]*)$")
_COUNT = re.compile(r"[\s.,/()\[\]\-]+(\d{1,5})[\s)\]]*$")
_LAST_GROUP_BUT_ONE = re.compile(r"(\d+)\D*$")
LONGEST_GROUP = 4
"""Whoever writes more digits than that in one go does not part the last two or three from them."""
_COUNTS_OFF = r"[\s.:)/\-]+"
_TRUNK = r"(?=[(\[]?0)"  # hardly an area code stands before a trunk 0
_FIRST_COUNT = re.compile(rf"[1-9](?:{_COUNTS_OFF}(?=[(\[]?\d)|\d?{_COUNTS_OFF}{_TRUNK})")
_NUMBERED = re.compile(
    rf"#\s*\d{{1,2}}{_COUNTS_OFF}(?=[(\[]?\d)|[1-9]\d?(?:\.?\)|[.:]\s)\W*(?=\d)|[1-9]\s+-\s+(?=[(\[]?\d)"
    rf"|[1-9]\d?/[1-9]\d?\s+{_TRUNK}"
)
_APART = re.compile(r"[\s(),;:/]")
_EXTENSION = re.compile(
    rf"(?<=[\d)\]])(?P<gap>[\s,;.\-/(\[]*)(?:(?P<word>{EXTENSION_WORDS})|[x#])[\s.:=#\-]*"
    r"(?P<digits>\d{1,7})(?:\s*[-/,]\s*\d{1,7})*\s*[)\]#]*$",
    re.I,
)
_CAPITALS = re.compile(r"[\s\-]([A-Z]{4,})\W*$")
_KEYS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")
_LOOKS_LIKE_DIGITS = re.compile("[Oo\u041e\u043eIlSZB]+|[xX]+|[iszbqgGQD]")


def bracketed_words(text: str) -> str:
    """Drops a word in brackets."""
    for match in _BRACKETED.finditer(text):
        letters = _letters_of(match[0])
        is_label = letters.casefold() in LABEL_LETTERS and match.end() == len(text)
        if _LOOKS_LIKE_DIGITS.fullmatch(letters) or (len(letters) == 1 and not is_label):
            raise Reject(RejectReason.LETTERS_IN_NUMBER)
    return _BRACKETED.sub(" ", text).strip()


def leading_words(text: str) -> str:
    """Drops words before the number."""
    match = _LEADING.match(text)
    if not match:
        return text
    words, gap = match[1].strip(), match[2]
    is_labelled = ":" in gap or ("." in gap and words.casefold() in LABEL_LETTERS)
    if not gap and not is_label(words):
        raise Reject(RejectReason.LETTERS_IN_NUMBER)
    if may_be_digits(words.split()[-1]) and not is_labelled:
        raise Reject(RejectReason.LETTERS_IN_NUMBER)
    return text[match.end() :]


def trailing_words(text: str) -> str:
    """Drops words after the number."""
    match = _TRAILING.search(text)
    if not match:
        return text
    gap, words = match[1], match[2]
    if not _APART.search(gap) or any(map(may_be_digits, words.split())):
        raise Reject(RejectReason.LETTERS_IN_NUMBER)
    return text[: match.start()]


def without_counts(text: str) -> Iterator[str]:
    """A text without the short number that a word or mark beside it may count: `2. Etage`, `18 Uhr`, `Handy 2`, `#2`, `2)`."""
    text = _BRACKETED.sub(" ", text)
    trailing, leading = _TRAILING.search(text), _LEADING.match(text)
    if trailing:
        left = text[: trailing.start()]
        count = _COUNT.search(left)
        if count and _may_count(count[1], left[: count.start()], trailing[1], trailing[2].strip(" .:")):
            yield left[: count.start()]
    first = _FIRST_COUNT.match(text, leading.end()) if leading else _NUMBERED.match(text)
    if first:
        yield text[first.end() :]


def _may_count(count: str, before: str, gap: str, word: str) -> bool:
    """False for the last group of a number: after groups as short as it, or two digits and more before a label."""
    if "." in gap or word.casefold() in COUNTED:
        return True
    group = _LAST_GROUP_BUT_ONE.search(before)
    is_apart = group is not None and len(group[1]) > LONGEST_GROUP
    return is_apart and (len(count) == 1 or not is_label(word))


def extension(text: str) -> str:
    """Drops an extension: ext, x, dahili, int, Durchwahl, ramal … and its digits."""
    match = _EXTENSION.search(text)
    return text[: match.start()] if match else text


def glued_extension_of(text: str) -> tuple[str, str] | None:
    """`030 1234x567`, no blank before the sign: the texts before and after it; None for any other text."""
    match = _EXTENSION.search(text)
    return None if not match or match["word"] or match["gap"] else (text[: match.start()], match["digits"])


def vanity_of(text: str) -> str | None:
    """The number that a trailing word in capitals, four or more, may stand for; None without one."""
    match = _CAPITALS.search(text)
    return text[: match.start()] + match[1].translate(_KEYS) if match else None


def has_letters(text: str) -> bool:
    """True where a letter of any script is in the text."""
    return _LETTERS.search(text) is not None


def may_be_digits(word: str) -> bool:
    """True for letters that may stand for digits: a lone one, `Il`, `XX` …; without them the number would lack digits."""
    letters = _letters_of(word)
    return len(letters) == 1 or _LOOKS_LIKE_DIGITS.fullmatch(letters) is not None


def is_label(words: str, vocabulary: frozenset[str] = LABELS) -> bool:
    """True for words that together say what the number beside them is: `tel`, `Cep Tel`, `privat`."""
    return "".join(words_of(words)) in vocabulary


def _letters_of(text: str) -> str:
    return "".join(_LETTERS.findall(text))
