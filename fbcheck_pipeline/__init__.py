"""Dirty phone lists in, a trustworthy table out: which numbers have a Facebook account.

What a Dagster project needs of it are the names below; they are imported when they are used.
"""

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from fbcheck_pipeline.component import FbcheckComponent
    from fbcheck_pipeline.defs.building import build_definitions, partitions, selection
    from fbcheck_pipeline.defs.hooks import AssetProps
    from fbcheck_pipeline.defs.resources import FbcheckResource
    from fbcheck_pipeline.defs.sources import AssetSource, SqlSource
    from fbcheck_pipeline.defs.times import Nightly
else:
    _MODULES = {
        "build_definitions": "defs.building",
        "partitions": "defs.building",
        "selection": "defs.building",
        "AssetProps": "defs.hooks",
        "FbcheckComponent": "component",
        "FbcheckResource": "defs.resources",
        "Nightly": "defs.times",
        "AssetSource": "defs.sources",
        "SqlSource": "defs.sources",
    }

    def __getattr__(name):
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)

    def __dir__():
        return sorted([*globals(), *_MODULES])


__all__ = [
    "AssetProps", "AssetSource", "FbcheckComponent", "FbcheckResource", "Nightly", "SqlSource", "__version__", "build_definitions",
    "partitions", "selection",
]  # fmt: skip
