"""All that people have put into an installation, in one file that any program can read, and into an empty one again."""
