"""What was promised, sent, paid and answered: the only truth about money.

Every move of a chunk is one guarded UPDATE; the row count says who won. Nothing here talks to the vendor.
"""

from fbcheck_pipeline.ledger.book import Ledger
from fbcheck_pipeline.ledger.opening import open_ledger
from fbcheck_pipeline.ledger.states import TRAITS, ChunkState

__all__ = ["TRAITS", "ChunkState", "Ledger", "open_ledger"]
