"""Search: the best issues for some words, and those that are like another."""
