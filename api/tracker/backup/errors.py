import click


class BackupError(click.ClickException):
    """Something is in the way of a backup; the message says what, and what to do."""
