"""What leaves the store: lists past their retention, people who ask, opt-outs."""
