"""Writes the sample lists beside this file, the same bytes each time.

    python data/samples/make_samples.py

Numbers come from ranges that regulators set aside for fiction where phonenumbers calls them valid, else at random; see README.md.
"""

# ruff: noqa: RUF001 - Turkish letters and a full-width plus are what the samples are about

from __future__ import annotations

import csv
import gzip
import io
import random
import re
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from openpyxl import Workbook

HERE = Path(__file__).parent
_RANDOM = random.Random(20261124)


def turkish() -> str:
    """No range is set aside for fiction in Türkiye: a random mobile number."""
    return f"+90{_RANDOM.choice(['532', '542', '555', '505', '507'])}{_RANDOM.randrange(2_000_000, 9_999_999)}"


def landline() -> str:
    """A random number of Istanbul, as people write it."""
    return f"0212 {_RANDOM.randrange(210, 300)} {_RANDOM.randrange(100):02d} {_RANDOM.randrange(100):02d}"


def british() -> str:
    """Ofcom, London: 020 7946 0xxx."""
    return f"+442079460{_RANDOM.randrange(1000):03d}"


def american() -> str:
    """NANPA: 555-0100 to 555-0199."""
    return f"+1{_RANDOM.choice(['202', '415', '617', '312'])}55501{_RANDOM.randrange(100):02d}"


def german() -> str:
    """Bundesnetzagentur: 0171 39200 00 to 99."""
    return f"+4917139200{_RANDOM.randrange(100):02d}"


def swedish() -> str:
    """PTS: 070-174 06 05 to 99."""
    return f"+467017406{_RANDOM.randrange(5, 100):02d}"


def french() -> str:
    """Arcep: 01 99 00 xx xx."""
    return f"+33199{_RANDOM.randrange(10_000):06d}"


def national(e164: str, code: str) -> str:
    """With the trunk zero, in groups: +905321234567 becomes 0532 123 45 67."""
    digits = "0" + e164.removeprefix(f"+{code}")
    return f"{digits[:4]} {digits[4:7]} {digits[7:9]} {digits[9:]}".strip()


# Known to several lists, so that one purchase answers them all.
SHARED = [turkish() for _ in range(8)] + [american(), british(), german(), swedish()]


def customers() -> bytes:
    """A Turkish CRM's export: semicolons, Windows-1254, two phone columns."""
    people = ["Ayşe Yılmaz", "Mehmet Öztürk", "Gülşah Işık", "Çağrı Şahin", "İpek Doğan", "Ümit Kılıç"]
    cities = ["İstanbul", "Muğla", "Eskişehir", "Ağrı"]
    mobiles = [national(phone, "90") for phone in SHARED[:5]] + [national(turkish(), "90") for _ in range(19)]
    mobiles += [mobiles[0], mobiles[7].replace(" ", ""), "+90 (0) " + mobiles[9][1:]]  # repeats in other spellings
    mobiles += [
        "",
        "yok",
        "N/A",
        "05O2 123 45 67",
        f"{landline()}-35",
        "9.05321E+11",
        "12345",
        f'="{mobiles[3].replace(" ", "")}"',
    ]
    mobiles += [f"{mobiles[11]} / {mobiles[12]}"]
    works = [landline(), "", "", landline() + " dahili 12", "", f"444 {_RANDOM.randrange(1000):03d} 0"]
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(["Müşteri No", "Adı Soyadı", "Cep Telefonu", "İş Telefonu", "Şehir", "Kayıt Tarihi"])
    for row, mobile in enumerate(mobiles):
        writer.writerow([1001 + row, people[row % 6], mobile, works[row % 6], cities[row % 4], f"{1 + row % 28:02d}.11.2026"])
    return out.getvalue().encode("cp1254")


def leads() -> bytes:
    """A workbook with a sheet of notes before the sheet of leads, numbers stored as numbers, and a country column."""
    book = Workbook()
    book.remove(book.worksheets[0])
    notes = book.create_sheet("Read me")
    for line in (["Leads, autumn fair"], [], ["Exported by the sales team; ask before you call."]):
        notes.append(line)
    sheet = book.create_sheet("Leads")
    sheet.append(["Lead", "Phone", "Country", "Visited", "Score"])
    phones: list[tuple[object, str | None]] = [(int(phone[1:]), "Türkiye") for phone in SHARED[3:8]]
    phones += [(int(phone[3:]), "TR") for phone in (turkish() for _ in range(4))]  # the leading zero is lost
    phones += [(american(), "United States"), (int(american()[1:]), "US"), (american()[2:], "US"), (SHARED[8], "USA")]
    phones += [(SHARED[9], "United Kingdom"), (british(), "GB"), ("020 7946 0" + british()[-3:], "+44")]
    phones += [
        (SHARED[10], "Germany"),
        (national(german(), "49"), "Deutschland"),
        (national(german(), "49"), "DE"),
        (german(), "49"),
    ]
    phones += [(SHARED[11], "Sweden"), (swedish(), "SE"), (swedish(), None)]
    phones += [
        (None, "TR"),
        ("call the office", "DE"),
        (5551234, "US"),
        ("nan", "SE"),
        (phones[0][0], "TR"),
        (phones[9][0], "US"),
    ]
    for row, (phone, country) in enumerate(phones, start=1):
        sheet.append([f"Lead {row}", phone, country, f"2026-10-{row:02d}", round(row * 0.35, 2)])
    raw = io.BytesIO()
    book.save(raw)
    return _timeless(raw.getvalue())


def numbers() -> bytes:
    """A number a line, nothing else; some lines are blank or junk."""
    lines = [*SHARED[5:], *(turkish() for _ in range(8)), *(american() for _ in range(4)), *(german() for _ in range(4))]
    lines += ["00" + french()[1:], "tel:" + french(), "https://wa.me/" + swedish()[1:], "+44 (0)20 7946 0" + british()[-3:]]
    lines += [
        "＋" + lines[8][1:],
        lines[9] + ".0",
        lines[10],
        "",
        "0532",
        "+999123456789",
        "info@example.com",
        "112",
        lines[20] + " ext. 7",
    ]
    return ("\n".join(lines) + "\n").encode()


def newsletter() -> bytes:
    """From a data pipeline: typed columns, whole numbers that became floats, the country as a dialling code."""
    rows: list[tuple[float | None, int]] = [(float(phone[3:]), 90) for phone in (*SHARED[:3], *(turkish() for _ in range(9)))]
    rows += [(float(german()[3:]), 49) for _ in range(4)] + [(float(swedish()[3:]), 46) for _ in range(3)]
    rows += [(float(american()[2:]), 1) for _ in range(3)] + [(None, 90), (1234.0, 49)]
    table = pa.table(
        {
            "subscriber": pa.array(range(1, len(rows) + 1), pa.int32()),
            "mobile": pa.array([phone for phone, _ in rows], pa.float64()),
            "country_code": pa.array([code for _, code in rows], pa.int16()),
            "opted_in": pa.array([row % 5 != 0 for row in range(len(rows))]),
        }
    )
    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd")
    return out.getvalue()


def events() -> bytes:
    """Gzipped, UTF-8 with a byte-order mark, line feeds inside cells, two phones a row, the country as ISO code."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["event", "guest", "phone", "whatsapp", "country", "remark"])
    makers = [(turkish, "TR"), (german, "DE"), (american, "US"), (french, "FR"), (swedish, "SE")]
    for row in range(23):
        maker, country = makers[row % 5]
        phone = SHARED[row // 2] if row % 2 == 0 else maker()
        country = country if row % 2 else {"+90": "TR", "+1": "US", "+44": "GB", "+49": "DE", "+46": "SE"}[_code(phone)]
        other = maker() if row % 6 == 1 else phone if row % 6 == 3 else ""
        remark = "window seat,\nvegetarian" if row % 4 == 0 else "-" if row % 4 == 1 else ""
        writer.writerow([f"E-{row % 3}", f"Guest {row}", phone, other, country, remark])
    return gzip.compress(("\ufeff" + out.getvalue()).encode(), mtime=0)


def _code(e164: str) -> str:
    return next(code for code in ("+90", "+1", "+44", "+49", "+46") if e164.startswith(code))


def _timeless(workbook: bytes) -> bytes:
    """The same archive without the time of its making."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            text = old.read(name)
            if name == "docProps/core.xml":
                text = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"2026-11-24T00:00:00Z", text)
            new.writestr(zipfile.ZipInfo(name, (2026, 11, 24, 0, 0, 0)), text, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def make(folder: Path) -> None:
    """Write all lists into a folder; call it once a process, for it draws on one random sequence."""
    for name, content in {
        "customers.csv": customers(),
        "leads.xlsx": leads(),
        "numbers.txt": numbers(),
        "newsletter.parquet": newsletter(),
        "events.csv.gz": events(),
    }.items():
        (folder / name).write_bytes(content)


if __name__ == "__main__":
    make(HERE)
