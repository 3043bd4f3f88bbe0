"""The world as a standing test: lists as its tools write them, and what chance makes of them, read back against what was written.

`make world` runs it; `make test` does not. Everything is drawn from one seed, see `chance`.
"""
