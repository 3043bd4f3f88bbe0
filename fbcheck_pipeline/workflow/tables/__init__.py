"""The tables over all lists and nights: the newest verdict of each phone, its changes, the latest list of each source."""
