"""One cell at a time, by rules and phonenumbers itself: what the cell says, whatever else stands in it."""
