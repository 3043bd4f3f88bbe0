"""The project's own assets: the contacts, and which of them can be reached."""

import os
from pathlib import Path

import dagster as dg
import duckdb
import pandas as pd

# DuckDB lets no other process open the file while one writes to it.
WHEN_LOCKED = dg.RetryPolicy(max_retries=5, delay=1)


def database() -> str:
    """The CRM's file."""
    return str(Path(os.environ["CRM_DATA"]) / "crm.duckdb")


@dg.asset(kinds={"duckdb"}, retry_policy=WHEN_LOCKED)
def contacts() -> pd.DataFrame:
    """One row per contact, as the CRM has them."""
    with duckdb.connect(database(), read_only=True) as crm:
        table: pd.DataFrame = crm.sql("SELECT * FROM contacts ORDER BY contact_id").df()
    return table


@dg.asset(
    ins={"checked": dg.AssetIn(["facebook", "contacts_latest"])},
    automation_condition=dg.AutomationCondition.eager(),
    kinds={"duckdb"},
    retry_policy=WHEN_LOCKED,
)
def reachable(contacts: pd.DataFrame, checked: pd.DataFrame) -> pd.DataFrame:
    """One row per contact: whether one of its numbers has an account; null where none has a verdict. A table of the CRM, too."""
    found = checked.dropna(subset=["facebook"])
    has_account = found["facebook"].eq("yes").groupby(found["contact_id"].astype("int64")).any().rename("has_account")
    people = contacts[["contact_id", "name"]].join(has_account.astype("boolean"), on="contact_id")
    with duckdb.connect(database()) as crm:
        crm.register("people", people)
        crm.execute("CREATE OR REPLACE TABLE reachable AS SELECT * FROM people")
    return people
