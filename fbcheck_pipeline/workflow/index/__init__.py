"""Which task answered a phone last, and which tries were in vain: the index over all verdicts and tries, and what reads it."""
