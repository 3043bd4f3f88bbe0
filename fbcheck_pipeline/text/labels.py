"""Words beside a number: labels, names, extensions; and letters that stand for digits, which never go.

Rules like those of `decorations`. The words themselves are in `cell_words`.
"""

from __future__ import annotations

import re
from functools import lru_cache

from fbcheck_pipeline.model.reasons import RejectReason
from fbcheck_pipeline.text.cell_words import EXTENSION_WORDS, LABEL_LETTERS, LABELS, NUMBER_WORDS, REFERENCE_WORDS, words_of
from fbcheck_pipeline.text.decorations import MIN_PART_DIGITS, Reject, digit_count, has_closing_bracket
from fbcheck_pipeline.text.digit_runs import LETTERS

LETTER = r"[^\W\d_]"
_LETTERS = re.compile(LETTER)
_NO_BRACKET = r"[^()\[\]{}<>\d]*"
_BRACKETED = re.compile(rf"[(\[{{<]{_NO_BRACKET}{LETTER}{_NO_BRACKET}[)\]}}>]")
_LEADING = re.compile(rf"([^\d+]*{LETTER}[^\d+]*?)([\s:.,;\-_)\]=/]*)(?=[(\[]?[\d+])")
_TRAILING = re.compile(rf"(?<=[\d)\]])([^\w+]+)({LETTER}[^\d+]*)$")
_UP_TO_LAST_DIGIT = re.compile(r"(?s:.*[\d+])")
_ASIDE = re.compile(rf"(?<=\d)\s*[)\]]*\s*[(\[{{](?=[^()\[\]{{}}]*{LETTER})([^()\[\]{{}}]*\d[^()\[\]{{}}]*)[)\]}}]\s*$")
_CLOSING = (")", "]", "}")
_PARTING = re.compile(r",(?!-)|[;:(\[]|/(?=\s)|(?<=\s)/|(?<![.,])-")  # `20,- Euro` is a sum, `98/h` a rate
_LONE_DIGIT = re.compile(r"\d[^\d+]+\d$")
_NOTHING_IN_BRACKETS = re.compile(r"(?<=\d)\s*[(\[][.\u2026\s]*[)\]]\s*$")
_MASK = re.compile(r"[*?#\u2022\u2026]|\.{2}|--")
_APART = re.compile(r"[\s(),;:/]")
_EXTENSION = re.compile(
    rf"(?<=[\d)\]])(?P<gap>[\s,;.\-/(\[]*)(?={LETTER}|#)(?:(?P<word>{EXTENSION_WORDS})|[x#])[\s.:=#\-]*"
    rf"(?P<digits>\d{{1,7}})(?:\s*[-/,]\s*(?:(?:{EXTENSION_WORDS}|[x#])[\s.:]*)?\d{{1,7}})*\s*[)\]#]*$",
    re.I,
)
_MARK_BETWEEN = re.compile(r"\d\s*[/,]\s*\d")
_CAPITALS = re.compile(r"[\s\-]([A-Z]{4,})\W*$")
_KEYS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")
_LABEL_LETTER = f"(?i:[{''.join(sorted(LABEL_LETTERS))}])"
LONE_LETTERS = (
    (rf"([{LETTERS}]{{2}}[.,]? )[{LETTERS}]\. +(\(?(?:\+|0[1-9]))", r"\1\2", (b". ",)),
    (
        rf"(?:(^|[\r\n,;/|&] *|[0-9)] +)(?:{_LABEL_LETTER}|\({_LABEL_LETTER}\))|(^|[\r\n,;/|&] *)\([{LETTERS}]\))(?:[:.] *| +)"
        rf"([(+]{{0,2}}[0-9](?:[ ()./\-]{{0,3}}[0-9]){{{MIN_PART_DIGITS - 1}}})",
        r"\1\2Tel \3",
        (),
    ),
)
"""Letters that are no digit of the number behind them, and what becomes of them: the initial of `Ayşe K. 0532 …` goes, the label of `T 030 …` or
`(g) 030 …` is a word; and of which signs one is in each text that holds one. The expressions mean the same to Python and to RE2."""
_LONE_LETTERS = tuple((re.compile(letter), becomes) for letter, becomes, _ in LONE_LETTERS)
_LOOKS_LIKE_DIGITS = re.compile("[Oo\u041e\u043eIlSZB]+|[xX]+|[iszbqgGQD]")


def lone_letters(text: str) -> str:
    """Drops an initial before a number, and takes a lone letter that says what the number is for a word."""
    for letter, becomes in _LONE_LETTERS:
        text = letter.sub(becomes, text)
    return text


def asides(text: str) -> str:
    """Drops a bracket after the number that holds words with a few digits of theirs, or nothing."""
    aside = aside_of(text)
    if aside and all(map(may_be_digits, re.findall(rf"{LETTER}+", aside[1]))):
        raise Reject(RejectReason.LETTERS_IN_NUMBER)
    if aside:
        return aside[0]
    return _NOTHING_IN_BRACKETS.sub("", text) if text.rstrip().endswith(_CLOSING) else text


def aside_of(text: str) -> tuple[str, str] | None:
    """The text before a last bracket with words and a few digits, and what is in it; None without one, or where it holds an extension."""
    match = _ASIDE.search(text) if text.rstrip().endswith(_CLOSING) else None
    if not match or digit_count(match[1]) >= MIN_PART_DIGITS or _extension_in(text):
        return None
    return text[: match.start()].strip(), match[1]


def bracketed_words(text: str) -> str:
    """Drops a word in brackets."""
    if not has_closing_bracket(text) or not has_letters(text):
        return text.strip()
    for match in _BRACKETED.finditer(text):
        letters = _letters_of(match[0])
        is_label = letters.casefold() in LABEL_LETTERS and match.end() == len(text)
        if _LOOKS_LIKE_DIGITS.fullmatch(letters) or (len(letters) == 1 and not is_label):
            raise Reject(RejectReason.LETTERS_IN_NUMBER)
    return _BRACKETED.sub(" ", text).strip()


def leading_words(text: str) -> str:
    """Drops words before the number."""
    match = _LEADING.match(text) if not text[:1].isdecimal() else None
    if not match:
        return text
    words, gap = match[1].strip(), match[2]
    is_labelled = (":" in gap or "." in gap) and words.casefold() in LABEL_LETTERS
    if not gap and not is_label(words):
        raise Reject(RejectReason.LETTERS_IN_NUMBER)
    if may_be_digits(words.split()[-1]) and not is_labelled:
        raise Reject(RejectReason.LETTERS_IN_NUMBER)
    return text[match.end() :]


def trailing_words(text: str) -> str:
    """Drops words after the number; not where a mask of more digits stands between."""
    trailing = trailing_of(text)
    if not trailing:
        return text
    left, gap, words = trailing
    if _MASK.match(gap):
        raise Reject(RejectReason.INVALID_NUMBER)
    if not _APART.search(gap) or any(map(may_be_digits, words.split())) or (_LONE_DIGIT.search(left) and is_counted(gap, words)):
        raise Reject(RejectReason.LETTERS_IN_NUMBER)
    return left


def is_counted(gap: str, words: str) -> bool:
    """True where the digits before words may be theirs: a comma, bracket or dash parts them; a label without a point counts nothing."""
    return _PARTING.search(gap) is None and ("." in gap or not is_label(words))


def leading_of(text: str) -> str:
    """The words before the number, with what parts them from it; nothing without words."""
    match = _LEADING.match(text) if not text[:1].isdecimal() else None
    return match[0] if match else ""


@lru_cache(maxsize=1000)
def trailing_of(text: str) -> tuple[str, str, str] | None:
    """The number, what parts it from the words after it, and these words; None without words. The rules ask for one several times."""
    match = None if text[-1:].isdecimal() else _TRAILING.search(text, _end_of_digits(text))
    return (text[: match.start()], match[1], match[2].strip(" .:")) if match else None


def _end_of_digits(text: str) -> int:
    last = _UP_TO_LAST_DIGIT.match(text)
    return last.end() if last else 0


def extension(text: str) -> str:
    """Drops an extension: ext, x, dahili, int, Durchwahl, ramal … and its digits."""
    match = _extension_in(text)
    return text[: match.start()] if match else text


def _extension_in(text: str) -> re.Match[str] | None:
    """None where the digits behind the word or sign may be a number: seven or more behind a sign, or grouped by a dash."""
    ends_in_digit = text.rstrip().rstrip(")]#").rstrip()[-1:].isdecimal()
    match = _EXTENSION.search(text) if ends_in_digit and ("#" in text or has_letters(text)) else None
    if match is None:
        return None
    groups = re.findall(r"\d+", match[0])
    is_range = match["word"] and len(groups) == 2 and len(groups[0]) == len(groups[1])
    may_be_number = sum(map(len, groups)) >= MIN_PART_DIGITS and not is_range
    digits = match[0][match.start("digits") - match.start() :]
    is_grouped = len(groups) > 1 and "-" in digits
    is_long = not match["word"] and (len(groups) == 1 or _MARK_BETWEEN.search(digits) is not None)
    return None if may_be_number and (is_grouped or is_long) else match


def signed_extension_of(text: str) -> tuple[str, str, str] | None:
    """`030 1234x567`, `030 1234 # 567`: the text before x or #, what parts it from that, the digits behind; None for any other text."""
    match = _extension_in(text)
    return None if not match or match["word"] else (text[: match.start()], match["gap"], match["digits"])


def vanity_of(text: str) -> str | None:
    """The number that a trailing word in capitals, four or more, may stand for; None without one."""
    match = _CAPITALS.search(text)
    return text[: match.start()] + match[1].translate(_KEYS) if match else None


def is_reference(text: str) -> bool:
    """`Ref: 99887766`: True where the words before the digits say that they are something else's number."""
    words = words_of(leading_of(text))
    return not set(words).isdisjoint(REFERENCE_WORDS) and not any(map(_is_of_telephone, words))


def says_no_telephone(text: str) -> bool:
    """True for a text with words, none of which says that the number beside them is a telephone's."""
    text = extension(text)
    words = {*words_of(text), *words_of(text.casefold())}  # `WhatsApp` is one word, too
    return bool(words) and not any(map(_is_of_telephone, words))


def _is_of_telephone(word: str) -> bool:
    return word in LABELS and word not in NUMBER_WORDS


def has_no_words(text: str) -> bool:
    """True where no digits of a text can be a word's or an extension."""
    return "#" not in text and not has_letters(text)


def has_letters(text: str) -> bool:
    """True where a letter of any script is in the text."""
    return text.lower() != text.upper() if text.isascii() else _LETTERS.search(text) is not None


def may_be_digits(word: str) -> bool:
    """True for letters that may stand for digits: a lone one, `Il`, `XX` …; without them the number would lack digits."""
    letters = _letters_of(word)
    return len(letters) == 1 or _LOOKS_LIKE_DIGITS.fullmatch(letters) is not None


def is_label(words: str, vocabulary: frozenset[str] = LABELS) -> bool:
    """True for words that together say what the number beside them is: `tel`, `Cep Tel`, `privat`."""
    return "".join(words_of(words)) in vocabulary


def _letters_of(text: str) -> str:
    return text if text.isalpha() else "".join(_LETTERS.findall(text))
