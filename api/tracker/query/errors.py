"""What is wrong with a query, and where."""


class QueryError(Exception):
    """A query that can't be read.

    Args:
        position: of the character at which it went wrong, from 0.
        message: what was expected there.
    """

    def __init__(self, position: int, message: str) -> None:
        super().__init__(message)
        self.position = position
        self.message = message
