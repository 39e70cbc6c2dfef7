"""Accounts and half a year of issues, so that a new installation has something to show."""
