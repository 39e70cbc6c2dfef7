"""Issues that come from other trackers, with their history.

A format is read into what `source` describes; the rest of the room doesn't know where it came from.
"""
