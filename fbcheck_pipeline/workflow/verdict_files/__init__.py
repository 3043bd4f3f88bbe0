"""The verdicts as files, the results they came from, and what is done where one is lost."""
