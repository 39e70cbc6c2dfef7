import click


class ArchiveError(click.ClickException):
    """Says what is wrong with an archive, or with where it is to go."""
