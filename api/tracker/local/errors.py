import click


class LocalError(click.ClickException):
    """Something on this machine is in the way; the message is one line that says what to do."""
