"""Arrow without pandas, for commands that only look: it would import pandas when it makes its first value."""

from __future__ import annotations

from fbcheck_pipeline.cli.left_out import without


def load_arrow_alone() -> None:
    """Load Arrow, and let it find no pandas when it looks; whatever imports pandas afterwards still gets it."""
    import pyarrow as pa

    with without("pandas"):
        pa.scalar(0)
