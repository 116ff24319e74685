"""The named kill points of every hop, in one table, and how a process is armed with one of them.

A point is a place in the code of a service: before or after a call, or in its middle, where it first waits for
somebody else. The call is found by its name and wrapped from outside; the service itself knows nothing of it. At the
n-th passing the process kills itself with SIGKILL: nothing is flushed, closed, rolled back or said.
"""

import importlib
import inspect
import itertools
import os
import signal
import sys
from collections.abc import Callable, Generator
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from typing import Any, Literal

Where = Literal["before", "during", "after"]

COMMIT = "asyncpg.transaction:Transaction._Transaction__commit"
KAFKA_REQUEST = "aiokafka.conn:AIOKafkaConnection.send"
CLAIM = "publishers.dispatch:claim"
RECORD = "publishers.completer:record"
REJECT = "publishers.give_up:VoidRejection.reject"
RESCUED = "publishers.rescue:record"

LOST_CALL = "publisher.http-request.during"
"""Whoever dies here leaves a call behind of which nobody knows what became."""


class NoSuchPoint(Exception):
    """The point, or the code that it names, does not exist (any more)."""


@dataclass(frozen=True, slots=True)
class Point:
    """One place. `seam` is `module:name`, as the code that calls it finds it.

    `since`: only the first passing after that seam, in the same task, counts. `argument`: only calls with an argument
    of this class count. `rare`: some seconds may pass until a service comes by. `needs`: the name of a point at which
    a life before has to have died, as often as this one is to be passed; else nothing would bring a service by.
    """

    service: str
    step: str
    where: Where
    seam: str
    since: str = ""
    argument: str = ""
    rare: bool = False
    needs: str = ""

    @property
    def name(self) -> str:
        return f"{self.service}.{self.step}.{self.where}"


def _around(service: str, step: str, seam: str, wheres: str = "before after", **more: Any) -> list[Point]:
    return [Point(service, step, where, seam, **more) for where in wheres.split()]  # type: ignore[arg-type]


def _ingest() -> list[Point]:
    at = "ingest"
    return [
        *_around(at, "request-read", "ingest.receive:wrap", "before"),
        *_around(at, "kafka-send", "runtime.producer:SupervisedProducer.send"),
        *_around(at, "kafka-request", KAFKA_REQUEST, argument="ProduceRequest"),
        *_around(at, "answer", "ingest.app:_answer"),
    ]


def _processor(name: str, *, load: str, save: str, half_saved: str = "") -> list[Point]:
    return [
        *_around(name, "decode", "processors.handle:decode"),
        *_around(name, "lock-orders", "processors.batch:lock_orders"),
        *_around(name, "ask-inbox", "processors.batch:known_arrivals", "after"),
        *_around(name, "load", load, "after"),
        *_around(name, "save", save),
        *(_around(name, "half-saved", half_saved, "before") if half_saved else ()),
        *_around(name, "owe-callbacks", "processors.batch:owe_callbacks"),
        *_around(name, "write", "store.together:Together.send"),
        *_around(name, "park", "processors.handle:park", rare=True),
        *_around(name, "commit", COMMIT, "before during after"),
        *_around(name, "commit-of-parked", COMMIT, "before after", since="processors.handle:park", rare=True),
        *_around(name, "commit-offsets", "processors.offsets:Offsets._commit"),
        *_around(name, "offsets-request", KAFKA_REQUEST, "after", argument="OffsetCommitRequest"),
    ]


def _publisher() -> list[Point]:
    at = "publisher"
    return [
        *_around(at, "claim", CLAIM),
        *_around(at, "intent", COMMIT, "before during after", since=CLAIM),
        *_around(at, "write", "publishers.deliver:_write"),
        *_around(at, "http-send", "publishers.http_client:Http1Client.send"),
        *_around(at, "http-request", "publishers.connection:Connection.exchange", "during"),
        *_around(at, "http-answer", "publishers.connection:Connection.buffer_updated"),
        *_around(at, "hold-result", "publishers.completer:Completer.put"),
        *_around(at, "record", RECORD),
        *_around(at, "record-attempts", "store.callbacks:insert_attempts"),
        *_around(at, "promote-next", "store.callbacks:promote_next", "after"),
        *_around(at, "commit-result", COMMIT, "before during after", since=RECORD),
        *_around(at, "give-up-lock", "publishers.give_up:VoidRejection.lock", rare=True),
        *_around(at, "give-up", REJECT, rare=True),
        *_around(at, "give-up-event", "publishers.give_up:upsert_events", rare=True),
        *_around(at, "give-up-case", "publishers.give_up:save_void_cases", "after", rare=True),
        *_around(at, "give-up-journal", "publishers.give_up:insert_journal", "after", rare=True),
        *_around(at, "give-up-owed", "publishers.give_up:owe_callbacks", "after", rare=True),
        *_around(at, "commit-give-up", COMMIT, "before during after", since=REJECT, rare=True),
        *_around(at, "rescue", RESCUED, rare=True, needs=LOST_CALL),
        *_around(at, "commit-rescue", COMMIT, "before during after", since=RESCUED, rare=True, needs=LOST_CALL),
    ]


POINTS: tuple[Point, ...] = (
    *_ingest(),
    *_processor(
        "ticketed",
        load="processors.ticketed.apply:load_ticketing",
        save="processors.ticketed.apply:save_ticketing",
        half_saved="store.ticketing:_insert_fill",
    ),
    *_processor(
        "void",
        load="processors.void.apply:load_void_cases",
        save="processors.void.apply:save_void_cases",
    ),
    *_publisher(),
)


def named(name: str) -> Point:
    """The point of this name; raises NoSuchPoint."""
    for point in POINTS:
        if point.name == name:
            return point
    raise NoSuchPoint(f"there is no kill point {name!r}; there are: {', '.join(point.name for point in POINTS)}")


def arm(point: Point, nth: int) -> None:
    """Let this process die at the n-th passing (from 1). Raises NoSuchPoint when its code is not there."""
    if nth < 1:
        raise NoSuchPoint(f"the passing to die at is {nth}; it is counted from 1")
    death = _Death(point, nth)
    if point.since:
        _wrap(point, point.since, death.note_since)
    _wrap(point, point.seam, death.wrapped)


def resolve(point: Point, seam: str) -> tuple[Any, str, Any]:
    """The owner of the name, the name and the function it means now; raises NoSuchPoint."""
    module_name, _, path = seam.partition(":")
    *outer, name = path.split(".")
    try:
        owner: Any = importlib.import_module(module_name)
        for part in outer:
            owner = getattr(owner, part)
        function = inspect.getattr_static(owner, name)
    except (ImportError, AttributeError) as error:
        raise NoSuchPoint(f"kill point {point.name}: {seam} does not exist ({error}); name its new place") from error
    if not inspect.isfunction(function):
        raise NoSuchPoint(f"kill point {point.name}: {seam} is a {type(function).__name__}, not a plain function")
    if point.where == "during" and seam == point.seam and not inspect.iscoroutinefunction(function):
        raise NoSuchPoint(f"kill point {point.name}: {seam} is no coroutine function, so it has no middle")
    return owner, name, function


def _wrap(point: Point, seam: str, wrapper: Callable[[Any], Any]) -> None:
    owner, name, function = resolve(point, seam)
    setattr(owner, name, wrapper(function))


class _Death:
    """Counts the passings of a point, and dies at the wanted one."""

    def __init__(self, point: Point, nth: int) -> None:
        self._point = point
        self._nth = nth
        self._passings = itertools.count(1)
        self._since: ContextVar[bool] = ContextVar("since", default=not point.since)

    def wrapped(self, function: Any) -> Any:
        """The function, with the point in it."""
        if not inspect.iscoroutinefunction(function):

            @wraps(function)
            def call(*arguments: Any, **named_arguments: Any) -> Any:
                counts = self._counts(arguments)
                self._pass("before", counts)
                result = function(*arguments, **named_arguments)
                self._pass("after", counts)
                return result

            return call

        @wraps(function)
        async def call_and_wait(*arguments: Any, **named_arguments: Any) -> Any:
            counts = self._counts(arguments)
            self._pass("before", counts)
            result = await _Stepped(function(*arguments, **named_arguments), lambda: self._pass("during", counts))
            self._pass("after", counts)
            return result

        return call_and_wait

    def note_since(self, function: Any) -> Any:
        """The function that has to be passed first."""

        @wraps(function)
        async def call(*arguments: Any, **named_arguments: Any) -> Any:
            result = await function(*arguments, **named_arguments)
            self._since.set(True)
            return result

        return call

    def _counts(self, arguments: tuple[Any, ...]) -> bool:
        wanted = self._point.argument
        if wanted and not any(wanted in (base.__name__ for base in type(a).__mro__) for a in arguments):
            return False
        if not self._since.get():
            return False
        self._since.set(not self._point.since)
        return True

    def _pass(self, where: Where, counts: bool) -> None:
        if not counts or where != self._point.where or next(self._passings) != self._nth:
            return
        print(f"kill point {self._point.name}: passing {self._nth}, SIGKILL", file=sys.stderr, flush=True)  # noqa: T201
        os.kill(os.getpid(), signal.SIGKILL)


class _Stepped:
    """Awaits a coroutine, and calls `halfway` where it first waits: what it wrote is written, nothing is answered."""

    def __init__(self, coroutine: Any, halfway: Callable[[], None]) -> None:
        self._coroutine = coroutine
        self._halfway = halfway

    def __await__(self) -> Generator[Any, Any, Any]:
        inner = self._coroutine.__await__()
        try:
            waits_for = inner.send(None)
        except StopIteration as ended:
            return ended.value
        self._halfway()
        return (yield from _rest(inner, waits_for))


def _rest(inner: Any, waits_for: Any) -> Generator[Any, Any, Any]:
    """Go on with an iterator whose first value was taken from it, as `yield from` would."""
    while True:
        try:
            sent = yield waits_for
        except BaseException as error:  # noqa: BLE001 - a cancellation is for the coroutine to see
            step, argument = inner.throw, error
        else:
            step, argument = inner.send, sent
        try:
            waits_for = step(argument)
        except StopIteration as ended:
            return ended.value
