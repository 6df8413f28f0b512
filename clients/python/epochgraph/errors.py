"""What reads raise, and what the delivery of writes tells apart."""

from __future__ import annotations

from typing import Optional


class EpochgraphError(Exception):
    """Anything that this package raises on purpose. Writes never raise it: they keep the record in the spool."""


class Unreachable(EpochgraphError):
    """No usable answer came: no connection, a time-out, a server error, a token that is not accepted.

    The same request may succeed later. `retry_after` is the pause in seconds that the server asked for, if it did.
    """

    def __init__(self, reason: str, retry_after: Optional[float] = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Refused(EpochgraphError):
    """The server read the request and refuses it; sending it again would change nothing.

    `code` is the API's error code, such as "NOT_FOUND"; `argument` the path of the value that is wrong, such as
    "input.config.batch_size", where the server names one.
    """

    def __init__(self, message: str, code: str, argument: Optional[str] = None) -> None:
        super().__init__(f"{message} ({code})")
        self.message = message
        self.code = code
        self.argument = argument


class ServerFault(EpochgraphError):
    """INTERNAL_SERVER_ERROR, or a code that this version does not know: it may pass, or be about this request alone."""


class QueryError(EpochgraphError, ValueError):
    """A search that can't be expressed in the API; the text says which part, and what would do."""
