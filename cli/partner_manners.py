"""How a simulated partner misbehaves to order: by name, so many times, and then as it should.

A partner that is too slow, hangs up half-way or lies has done what it was asked and only its answer is lost; one that
fails, refuses or hangs up at once has done nothing.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import repeat

from cli.names import known_name
from cli.rude_server import Reaction
from runtime.errors import ConfigurationError

SLOW_SECONDS = 3600.0
TRICKLE_SECONDS = 1.0
HUGE_BYTES = 32 * 1024 * 1024
LIE_BYTES = 1000


@dataclass(frozen=True, slots=True)
class Manner:
    """One way to misbehave. `spoil` makes it of the answer that the contract asks for."""

    what: str
    done: bool
    spoil: Callable[[Reaction], Reaction]
    refuses: bool = False


MANNERS: Mapping[str, Manner] = {
    "fail": Manner(
        "answers HTTP 503",
        False,
        lambda _: Reaction(503, b"out of order", (("content-type", "text/plain"),)),
    ),
    "refuse": Manner("refuses in the contract's own words", False, lambda answer: answer, refuses=True),
    "time-out": Manner("takes the call and never answers", True, lambda a: replace(a, delay_seconds=SLOW_SECONDS)),
    "hang-up": Manner("cuts the connection at once", False, lambda answer: replace(answer, hang_up="at-once")),
    "hang-up-in-body": Manner(
        "takes the call and hangs up half-way through the answer",
        True,
        lambda answer: replace(answer, hang_up="in-body"),
    ),
    "trickle": Manner(
        "takes the call and answers a byte a second", True, lambda a: replace(a, trickle_seconds=TRICKLE_SECONDS)
    ),
    "wrong-type": Manner(
        "takes the call and answers rightly, but calls it an image",
        True,
        lambda answer: replace(answer, headers=(("content-type", "image/png"),)),
    ),
    "web-page": Manner(
        "answers HTTP 200 with a web page, as a proxy would",
        False,
        lambda _: Reaction(200, b"<html><body>Back soon</body></html>", (("content-type", "text/html"),)),
    ),
    "huge": Manner(
        f"takes the call and answers with {HUGE_BYTES // 1024 // 1024} MiB",
        True,
        lambda answer: replace(answer, body=b" " * HUGE_BYTES + answer.body),
    ),
    "length-too-long": Manner(
        "takes the call and claims more bytes than it answers",
        True,
        lambda answer: replace(answer, claimed_length=len(answer.body) + LIE_BYTES),
    ),
    "length-too-short": Manner(
        "takes the call and claims fewer bytes than it answers",
        True,
        lambda answer: replace(answer, claimed_length=len(answer.body) // 2),
    ),
}

_ORDER = re.compile(r"(?:(?P<party>[a-z0-9-]+)=)?(?P<manner>[a-z-]+)(?::(?P<times>[0-9]{1,6}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Ordered:
    """A manner for so many calls; `times` None: for ever. `party` empty: of every party."""

    manner: Manner
    times: int | None
    party: str = ""


def ordered(text: str) -> Ordered:
    """Read `[PARTY=]MANNER[:TIMES]`; raises ConfigurationError."""
    found = _ORDER.fullmatch(text)
    if found is None:
        raise ConfigurationError(f"{text!r} is not of the form [PARTY=]MANNER[:TIMES]", hint="for example: refuse:3")
    manner = MANNERS[known_name("manner", found["manner"], MANNERS)]
    return Ordered(manner, int(found["times"]) if found["times"] else None, found["party"] or "")


def in_turn(plan: Iterable[Ordered]) -> Iterator[Manner | None]:
    """The manner of each call, as ordered, and then None: well."""
    for order in plan:
        yield from repeat(order.manner) if order.times is None else repeat(order.manner, order.times)
    yield from repeat(None)
