"""`examples/crm`, whose project is a code location."""

from crm.definitions import defs

__all__ = ["defs"]
