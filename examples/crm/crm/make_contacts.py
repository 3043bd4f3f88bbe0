"""Writes the table of contacts, whose numbers are made up or set aside for films."""

import duckdb

from crm.assets import database

CONTACTS = [
    *[(n, f"Contact {n}", f"078 000 01 {n:02d}", None, "CH") for n in range(1, 9)],
    (9, "Contact 9", "078 000 01 09", "078 000 01 10", "CH"),
    (10, "Contact 10", "0491 570 156", None, "AU"),
    (11, "Contact 11", "ask her", None, "CH"),
    (12, "Contact 12", None, None, "CH"),
]


def make_contacts() -> None:
    """Write it anew."""
    with duckdb.connect(database()) as crm:
        crm.execute("CREATE OR REPLACE TABLE contacts (contact_id INTEGER, name TEXT, mobile TEXT, office TEXT, country TEXT)")
        crm.executemany("INSERT INTO contacts VALUES (?, ?, ?, ?, ?)", CONTACTS)


if __name__ == "__main__":
    make_contacts()
