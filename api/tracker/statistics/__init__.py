"""What the team's work looks like in numbers."""
