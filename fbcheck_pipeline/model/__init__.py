"""What all layers speak of: our columns, statuses and reasons, the files below DATA_URI, and the frames' models.

Each fact stands here once, with all its wordings; joins, lineage, reports, purging, checks and the reference derive from it. No rule
and no reading or writing belongs here. Importing this package, or any module of it but `frames`, loads nothing heavy.
"""
