"""Measurements, which print tables and prove nothing by themselves."""
