"""Dirty cells, many at once: Arrow's expressions bring certain shapes to plain text, which the fast path reads; all else is left."""
