"""Plan, submit, poll, collect: the order in which money and state move. No Dagster here."""
