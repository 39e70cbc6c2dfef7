"""The language in which people ask for issues: `is:open severity:>=high assignee:@me "exact words"`."""
