"""The wire to the vendor: submissions, status, downloads and the reading of results.

What to send, when, and what an outcome does to a chunk is decided elsewhere; here one call is one request. What is needed is imported from
its module: what only looks or rehearses needs no HTTP.
"""
