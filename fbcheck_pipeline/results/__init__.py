"""Join, lineage, report and export of the answers. Nothing here spends money or changes the ledger's state."""
