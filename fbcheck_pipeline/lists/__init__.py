"""A raw file becomes record batches of phones with their source row.

Here: list keys, names of sources, what decides encoding, delimiter, header, sheet and columns, and the reading of CSV, TSV, TXT, XLSX and
Parquet. Not here: what a phone number is (phones), where files lie (storage).
"""

from fbcheck_pipeline.lists.facts import LIST_SUFFIXES, ReadOptions, SourceFacts
from fbcheck_pipeline.lists.keys import file_sha256, key_of, list_key
from fbcheck_pipeline.lists.reader import ListReader, open_list
from fbcheck_pipeline.lists.sources import source_named, source_of_file

__all__ = [
    "LIST_SUFFIXES",
    "ListReader",
    "ReadOptions",
    "SourceFacts",
    "file_sha256",
    "key_of",
    "list_key",
    "open_list",
    "source_named",
    "source_of_file",
]
