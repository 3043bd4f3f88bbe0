"""Every word that stands in our columns is explained, and a word that only another version knows stops nobody."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from fbcheck_pipeline.cli import explaining
from fbcheck_pipeline.model.columns import Column
from fbcheck_pipeline.model.reasons import RejectReason, label_of
from fbcheck_pipeline.model.statuses import OPEN_STATUSES, AnsweredBy, CheckStatus, Verdict
from fbcheck_pipeline.results.report import render_report
from tests.unit.results.documents import lineage

UNKNOWN = "reason_of_tomorrow"


@pytest.mark.parametrize("word", [*Column, *RejectReason, *CheckStatus, *AnsweredBy, *Verdict], ids=str)
def test_a_word_has_all_its_wordings(word: Any) -> None:
    """A table, a chart or the reference would show nothing."""
    said = [text for name, text in vars(word).items() if name in ("label", "meaning")]
    assert said and all(re.fullmatch(r"\S.*\S", text) for text in said)


def test_what_is_open_says_what_happens_next() -> None:
    """And what is final does not."""
    final = {CheckStatus.CHECKED, CheckStatus.REUSED, CheckStatus.REJECTED, CheckStatus.SUPPRESSED}
    assert {*OPEN_STATUSES} == {*CheckStatus} - final


def test_a_reason_of_another_version_stands_for_itself() -> None:
    """A result joined by a newer version is still explained, reported and counted."""
    assert label_of("empty") == "empty cell"
    assert label_of(UNKNOWN) == UNKNOWN
    assert UNKNOWN in render_report(lineage(breakdown={**lineage()["breakdown"], "reject_reason": {UNKNOWN: 3}}))
    phone = dict.fromkeys((*map(str, Column), "region", "chunk", "result")) | {"rules": [], "reject_reason": UNKNOWN}
    phone["rejected_alike"] = 3
    said: list[Any] = []
    explaining._say_row(
        SimpleNamespace(answer=said.append),  # type: ignore[arg-type]
        {"source_row": 1, "file": "list.csv", "read_so": [], "cells": {}, "phones": [phone]},
    )
    with (console := Console(width=100)).capture() as shown:
        console.print(*said)
    assert f"{UNKNOWN}: {UNKNOWN}" in shown.get()
