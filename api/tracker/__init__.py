"""Issues & Insights Tracker: the API, its worker and its command line."""
