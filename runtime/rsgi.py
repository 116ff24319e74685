"""What we use of RSGI, granian's own interface for apps: half of what an ASGI request costs (decision 0013)."""

from collections.abc import AsyncIterator, Awaitable, Iterable
from typing import Protocol


class Headers(Protocol):
    """Of a request. Values with bytes that are no visible ASCII are left out."""

    def items(self) -> Iterable[tuple[str, str]]:
        """All of them, with lower-case names; a repeated one comes repeatedly."""


class Head(Protocol):
    """The head of a request, to an RSGI app. The path is decoded, the query is not."""

    method: str
    path: str
    query_string: str
    headers: Headers


class Exchange(Protocol):
    """The rest of a request and its answer, to an RSGI app."""

    def __call__(self) -> Awaitable[bytes]:
        """The whole body, however large; instead of its chunks."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """The chunks of the body. An empty one is its end when none follows; a second empty one: it ended too early,
        or was malformed, or has trailers (which no sender we know of uses)."""

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Answer, once; does not wait."""


class RsgiApp(Protocol):
    """An app by granian's own interface."""

    async def __rsgi__(self, head: Head, exchange: Exchange) -> None:
        """Answer one request."""
