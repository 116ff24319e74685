"""Who calls: the name that is noted beside every change. Whoever has the token may give any; it is for colleagues."""

from typing import Annotated

from fastapi import Depends, Header
from pydantic import BeforeValidator, StringConstraints

NOBODY_NAMED = "api"


def _in_utf8(text: str) -> str:
    """Headers are read as Latin-1; names are written in UTF-8."""
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text


Actor = Annotated[
    str,
    BeforeValidator(_in_utf8),
    StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]+$"),
]


def _actor(
    name: Annotated[
        Actor, Header(alias="Ticketwire-Actor", description="who asks, for whoever looks later; UTF-8")
    ] = NOBODY_NAMED,
) -> str:
    return name


Who = Annotated[str, Depends(_actor)]
