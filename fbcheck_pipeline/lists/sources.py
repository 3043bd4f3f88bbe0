"""The name of a source: what a list is one delivery of, told by its file's name without date, time, counter or copy."""

from __future__ import annotations

import re

from slugify import slugify

from fbcheck_pipeline.lists.keys import MAX_SLUG, stem_of

NAMELESS = "list"
_YEAR, _MONTH, _DAY = "(?:19|20)[0-9]{2}", "(?:0?[1-9]|1[0-2])", "(?:0?[1-9]|[12][0-9]|3[01])"
_MONTH_NAME = (
    "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec|january|february|march|april|june|july|august|september|october|november"
    "|december|ocak|subat|mart|nisan|mayis|haziran|temmuz|agustos|eylul|ekim|kasim|aralik)"
)
_TIME = "(?:[01]?[0-9]|2[0-3])_?[h_]?_?[0-5][0-9](?:_?[m_]?_?[0-5][0-9]s?(?:_?[0-9]{1,9})?)?"
_DATE = "|".join(
    [
        f"{_YEAR}_{_MONTH}_{_DAY}",
        f"{_YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])",
        f"{_DAY}_{_MONTH}_{_YEAR}",
        f"{_MONTH}_{_DAY}_{_YEAR}",
        f"(?:0[1-9]|[12][0-9]|3[01])(?:0[1-9]|1[0-2]){_YEAR}",
        f"{_DAY}_(?:0[1-9]|1[0-2])_[0-9]{{2}}",
        f"(?:{_DAY}_?)?{_MONTH_NAME}_?(?:{_DAY}_)?{_YEAR}",
        f"{_YEAR}_?{_MONTH_NAME}(?:_?{_DAY})?",
        f"{_YEAR}_?(?:w|kw|cw|q|h)_?[0-9]{{1,2}}",
        f"(?:w|kw|cw|q|h)_?[0-9]{{1,2}}_?{_YEAR}",
        f"{_YEAR}(?:_{_MONTH}|0[1-9]|1[0-2])",
        f"(?:0?[1-9]|1[0-2])_{_YEAR}",
        _YEAR,
        "[0-9]{10,}",  # seconds since 1970, or a date with its time
    ]
)
_DATED = re.compile(f"(?<![0-9])(?:{_DATE})(?:_?t?_?{_TIME})?(?:_?z|_utc)?(?![0-9])")
_COPY = "(?:copy|kopya|kopyasi|kopie|kopia|copie|copia|kopiia)"
_LED_BY_COPY = re.compile(f"^(?:{_COPY}_(?:[0-9]+_)?(?:of|von|de|di|da|af|van)|kopia|kopiia)_")
_COUNTED = re.compile(f"_(?:(?:no|nr|part|teil|parca|{_COPY})(?:_?[0-9]+)?|[0-9]+|{_TIME})$")


def source_of_file(name: str) -> str:
    """What the file of a list is a delivery of: `customers` for `customers-2026-11-01 (1).csv`.

    `list` where the name says nothing else than when, or the how manieth it is.
    """
    slug = slugify(stem_of(name), separator="_")
    undated = re.sub("_+", "_", _DATED.sub("_", slug)).strip("_")
    while (shorter := _COUNTED.sub("", _LED_BY_COPY.sub("", undated))) != undated:
        undated = shorter
    is_nameless = re.fullmatch(f"[0-9_]*|{_COPY}", undated)
    return NAMELESS if is_nameless else undated[:MAX_SLUG].strip("_")


def source_named(name: str) -> str:
    """The source that a person or a folder names; empty where nothing of it is a letter or a digit."""
    return slugify(name, separator="_", max_length=MAX_SLUG)
