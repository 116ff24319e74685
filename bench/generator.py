"""The supplier, as a process: sends events over 64 connections and notes when each was due and when it was answered.

Closed loop: a connection sends its next event when the last one was answered. Open loop (`rate`): an event is due at
its time whatever became of those before it, and what it waits for a free connection counts (no coordinated omission).
One thread over ready-made bytes: what it costs is to be as little as can be.
"""

import selectors
import socket
import time
from array import array
from collections import Counter, deque
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from bench.events import SIGNATURE_HEADER, signature, ticketed
from bench.figures import due_ns
from bench.job import Job, serve
from bench.wire import message_length, post, status_of

_RECEIVE_BYTES = 64 * 1024
_LONGEST_WAIT_SECONDS = 1.0


class _Connection:
    """One connection; `number` is the event that is under way on it, negative while there is none."""

    def __init__(self, place: tuple[str, int]) -> None:
        self.number = -1
        self.received = bytearray()
        self.socket = socket.create_connection(place)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def answer(self) -> int | None:
        """The status of the answer, when it is whole; 0: the connection was cut."""
        try:
            received = self.socket.recv(_RECEIVE_BYTES)
        except ConnectionError:
            received = b""
        if not received:
            return 0
        self.received += received
        length = message_length(self.received)
        if not length or len(self.received) < length:
            return None
        status = status_of(self.received)
        self.received.clear()
        return status


class _Run:
    """One job. Times are nanoseconds of the machine's monotonic clock, by the event's number."""

    def __init__(self, job: Job) -> None:
        address = urlsplit(job["url"])
        self._place = (str(address.hostname), int(address.port or 80))
        self._host, self._path = address.netloc, address.path
        self._prefix, self._secret = job["prefix"], job["secret"]
        self._rate: float | None = job.get("rate")
        self._seconds: float | None = job.get("seconds")
        self._connections: int = job.get("connections", 64)
        self._selector = selectors.DefaultSelector()
        self._idle: deque[_Connection] = deque()
        """The longest idle is the next to send, so that none is idle for long."""

        self._requests: Iterator[bytes] = self._endless() if self._seconds else iter(self._ready_made(job["events"]))
        self._waiting: bytes | None = next(self._requests, None)
        self.due, self.answered, self.statuses = array("q"), array("q"), array("h")
        self.begun = 0

    def carry_out(self) -> None:
        self._idle.extend(self._connect() for _ in range(self._connections))
        self.begun = time.monotonic_ns()
        while self._waiting is not None or len(self._idle) < self._connections:
            while self._idle and self._send_if_due(self._idle[0]):
                self._idle.popleft()
            for key, _ in self._selector.select(self._pause()):
                self._hear(key.data)
        for key in list(self._selector.get_map().values()):
            key.data.socket.close()
        self._selector.close()

    def _hear(self, connection: _Connection) -> None:
        status = connection.answer()
        if status is None:
            return
        if connection.number < 0:  # a server may cut who is idle
            self._idle.remove(connection)
        else:
            self.answered[connection.number] = time.monotonic_ns()
            self.statuses[connection.number] = status
            connection.number = -1
            if status and not self._rate and self._send_if_due(connection):
                return
        self._idle.append(connection if status else self._again(connection))

    def _send_if_due(self, connection: _Connection) -> bool:
        if self._waiting is None:
            return False
        now, number = time.monotonic_ns(), len(self.due)
        due = self.begun + due_ns(number, rate=self._rate) if self._rate else now
        if due > now:
            return False
        self.due.append(due)
        self.answered.append(0)
        self.statuses.append(0)
        connection.number = number
        connection.socket.sendall(self._waiting)
        self._waiting = next(self._requests, None)
        return True

    def _pause(self) -> float:
        if not (self._rate and self._idle and self._waiting is not None):
            return _LONGEST_WAIT_SECONDS
        due = self.begun + due_ns(len(self.due), rate=self._rate)
        return max(0.0, (due - time.monotonic_ns()) / 1e9)

    def _connect(self) -> _Connection:
        connection = _Connection(self._place)
        self._selector.register(connection.socket, selectors.EVENT_READ, connection)
        return connection

    def _again(self, cut: _Connection) -> _Connection:
        self._selector.unregister(cut.socket)
        cut.socket.close()
        return self._connect()

    def _ready_made(self, events: int) -> list[bytes]:
        return [self._request(number) for number in range(events)]

    def _endless(self) -> Iterator[bytes]:
        end, number = time.monotonic() + (self._seconds or 0.0), 0
        while time.monotonic() < end:
            yield self._request(number)
            number += 1

    def _request(self, number: int) -> bytes:
        body = ticketed(self._prefix, number)
        headers = {"content-type": "application/json", SIGNATURE_HEADER: signature(body, self._secret)}
        return post(self._host, self._path, body, headers)


def send(job: Job) -> Job:
    """Send `events` events (or for `seconds`) of order numbers `prefix` to `url`, at `rate` a second if it says so.

    `times`: a file for what became of each, in turn: due, answered (ns), status. Answers with counts by status.
    """
    run = _Run(job)
    run.carry_out()
    with Path(job["times"]).open("wb") as file:
        for column in (run.due, run.answered, run.statuses):
            column.tofile(file)
    return {
        "sent": len(run.due),
        "begun_ns": run.begun,
        "seconds": (max(run.answered, default=run.begun) - run.begun) / 1e9,
        "statuses": {str(status): count for status, count in Counter(run.statuses).items()},
    }


if __name__ == "__main__":
    serve(send)
