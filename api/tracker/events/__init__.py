"""The log of every change: the spine that history, live updates and statistics read."""
