"""Text: what a cell may say, for everyone who reads cells: decorations, labels, empty words, countries, what looks like a number.

What a number is, and whether it is in service, is found in `phones`. No files, no network, no Arrow.
"""
