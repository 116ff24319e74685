"""Text from outside, made fit for Postgres: it takes neither NUL characters nor lone surrogates."""

from typing import Annotated

from pydantic import AfterValidator, StringConstraints


def _fit(text: str) -> str:
    if "\x00" in text:
        raise ValueError("it holds a NUL character")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("it holds half a surrogate pair, which is no character") from None
    return text


Text = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(_fit)]
LongText = Annotated[str, StringConstraints(max_length=8192), AfterValidator(_fit)]
