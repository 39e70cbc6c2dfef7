"""Backups: everything that an installation knows, in one folder, and back again."""
