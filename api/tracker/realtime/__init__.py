"""Changes as they reach people."""
