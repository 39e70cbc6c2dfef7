"""Files of issues: received in a stream, known by their content, scanned, served as downloads only."""
