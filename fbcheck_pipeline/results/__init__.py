"""Join, lineage, report, export: what becomes of the answers. Nothing here moves money or state."""
