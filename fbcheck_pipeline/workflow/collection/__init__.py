"""What becomes of a task: asked, fetched, taken in, decided by a person."""
