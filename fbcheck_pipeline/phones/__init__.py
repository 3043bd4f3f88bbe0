"""Phones: text to E.164 or a reject reason, and the models of every frame. No files, no network, no Dagster.

from fbcheck_pipeline.phones import Normaliser

normaliser = Normaliser(region="TR", region_column="country")
batches = normaliser.learn(batches)                     # from the first 100,000 cells: what bare digits mean
for batch in normaliser.normalise_all(batches):         # phone_e164 or reject_reason for every phone
    ...
"""

from __future__ import annotations

from fbcheck_pipeline.phones.normaliser import Normaliser
from fbcheck_pipeline.phones.number_facts import NumberFacts

__all__ = ["Normaliser", "NumberFacts"]
