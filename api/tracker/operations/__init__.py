"""Running the tracker: its background jobs, and what became of them."""
