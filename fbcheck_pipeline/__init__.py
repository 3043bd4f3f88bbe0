"""Dirty phone lists in, a trustworthy table out: which numbers have a Facebook account."""

__version__ = "0.1.0"
