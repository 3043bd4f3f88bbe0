"""Valid files of the world's tools, damaged by chance: read, or refused in a sentence; never an unexpected error, a hang, or much memory."""

from __future__ import annotations

import gzip
import random
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from tests.integration.hostile.mutating import zipped
from tests.world.chance import TIMES, chance_of
from tests.world.parquet_tools import PARQUET_TOOLS
from tests.world.people import people
from tests.world.product import Product
from tests.world.text_tools import TEXT_TOOLS
from tests.world.workbook_tools import OFFICE, WORKBOOK_TOOLS

MUTANTS = 6 * TIMES
PIECES = (
    b"\0", b"\xff", b"\xff\xfe", b"\xef\xbb\xbf", b"\x1a", b'"', b'""', b";", b",", b"\t", b"\r", b"\n", b"\x1f\x8b", b"PK\x03\x04", b"PAR1", b"ARROW1",
    b"&amp;", b"&#0;", b"]]>", b"<![CDATA[", b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b'r="XFD1048576"', b'<c t="s"><v>99999999</v></c>', b"<v>1e999</v>",
    b"\xc3", b"\xe2\x80", b"\xf4\x90\x80\x80", b"\xed\xa0\x80", b"9" * 3000, b"(" * 2000, b"\xcc\x81" * 500, b"tel:" * 300, b"\x80" * 200,
)  # fmt: skip


def damaged(content: bytes, chance: random.Random) -> bytes:
    """Bits turned, pieces put in, parts cut, dropped, doubled or moved."""
    data = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 5))):
        at = chance.randrange(len(data) + 1) if chance.random() < 0.6 else max(0, len(data) - chance.randrange(300))
        length = chance.choice((1, 4, 40, 1000))
        match chance.randrange(7):
            case 0 if at < len(data):
                data[at] ^= 1 << chance.randrange(8)
            case 1:
                data[at:at] = chance.choice(PIECES)
            case 2:
                piece = chance.choice(PIECES)
                data[at : at + len(piece)] = piece
            case 3:
                del data[at:]
            case 4:
                del data[at : at + length]
            case 5:
                data[at:at] = data[at : at + length]
            case 6 if at < len(data):
                data[at : at + 4] = chance.choice((b"\xff\xff\xff\x7f", b"\xff\xff\xff\xff", b"\0\0\0\0", b"\0\0\0\x80"))
            case _:
                data += chance.choice(PIECES)
    return bytes(data)


def damaged_inside(content: bytes, chance: random.Random) -> bytes:
    """A workbook whose archive is whole and whose parts are not."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = chance.choice([each for each in parts if each.endswith((".xml", ".rels"))])
    parts[name] = damaged(parts[name], chance)
    if chance.random() < 0.2:
        parts[chance.choice(list(parts))] = parts.pop(chance.choice(list(parts)))
    return zipped(parts)


def no_worse_than_refused(product: Product, path: Path, content: bytes) -> None:
    """The file is kept for whoever looks into a failure."""
    path.write_bytes(content)
    reading = product.read(path, "TR").checked()
    assert reading.refusal is None or reading.refusal.startswith(f"{path.name}: "), reading.refusal


@pytest.mark.parametrize("name", [name for name in TEXT_TOOLS if TEXT_TOOLS[name].suffix != ".csv.gz"])
def test_text(product: Product, tmp_path: Path, name: str) -> None:
    """In every dialect and encoding."""
    tool, chance = TEXT_TOOLS[name], chance_of("damaged", name)
    tool.write(people(chance, "TR", 30, tool.texts), path := tmp_path / f"list{tool.suffix}")
    content = path.read_bytes()
    for _ in range(MUTANTS):
        no_worse_than_refused(product, path, damaged(content, chance))


@pytest.mark.parametrize("where", ["outside", "inside", "both"])
def test_gzip(product: Product, tmp_path: Path, where: str) -> None:
    """The archive, its content, or both."""
    chance = chance_of("gzip", where)
    TEXT_TOOLS["pandas"].write(people(chance, "TR", 200), tmp_path / "list.csv")
    plain = (tmp_path / "list.csv").read_bytes()
    for _ in range(2 * MUTANTS):
        content = gzip.compress(plain if where == "outside" else damaged(plain, chance), mtime=0)
        no_worse_than_refused(product, tmp_path / "list.csv.gz", content if where == "inside" else damaged(content, chance))


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("name", WORKBOOK_TOOLS)
def test_workbooks(product: Product, tmp_path: Path, name: str, inside: bool) -> None:
    """Archives that are damaged, and whole ones with damaged parts."""
    if name == "LibreOffice" and not OFFICE:
        pytest.skip("LibreOffice is not installed")
    chance, path = chance_of("damaged", name, inside), tmp_path / "list.xlsx"
    WORKBOOK_TOOLS[name](people(chance, "TR", 30, "ascii"), path)
    content = path.read_bytes()
    for _ in range(MUTANTS):
        no_worse_than_refused(product, path, (damaged_inside if inside else damaged)(content, chance))


@pytest.mark.parametrize("name", PARQUET_TOOLS)
def test_parquet(product: Product, tmp_path: Path, name: str) -> None:
    """Footers, pages and dictionaries that lie."""
    chance, path = chance_of("damaged", name), tmp_path / "list.parquet"
    PARQUET_TOOLS[name](people(chance, "TR", 30), path)
    content = path.read_bytes()
    for _ in range(2 * MUTANTS):
        no_worse_than_refused(product, path, damaged(content, chance))
