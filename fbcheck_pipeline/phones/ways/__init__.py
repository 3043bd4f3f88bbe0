"""Ways to read many dirty cells at once: each is sure of what it reads, as the careful path would read it, and leaves all else."""
