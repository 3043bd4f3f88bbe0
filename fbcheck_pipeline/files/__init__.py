"""Files and their formats: where they lie, how they are written whole, and how those of others are opened safely.

Here: DATA_URI, atomic writing, archives and workbooks of others, CSV. Not here: what any of it means.
"""
