"""Issues: filing, triage, closing, the trash."""
