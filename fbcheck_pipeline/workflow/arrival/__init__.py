"""How a list comes in: dropped into the inbox, named by a person, taken from a source."""
