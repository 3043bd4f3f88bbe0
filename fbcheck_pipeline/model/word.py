"""The base of our closed sets of words: a text that carries its own wordings."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Word(StrEnum):
    """One word of a closed set, equal to the text that stands in files; an entry is the word and what its set's `__init__` takes."""

    def __new__(cls, word: str, *_: object) -> Self:
        self = str.__new__(cls, word)
        self._value_ = word
        return self

    def __init__(self, _: str, meaning: str = "") -> None:
        self.meaning = meaning

    @classmethod
    def named(cls, word: str) -> Self:
        """The entry of a word.

        Raises:
            ValueError: the set has no such word.
        """
        return cls(word)
