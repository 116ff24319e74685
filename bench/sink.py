"""The channel's receiver, as a process: answers 200 at once, and notes the order, the webhook-id and the time of each.

What is posted below /silent is not answered, until the bench has it cut. One thread over bytes, for the generator's
reason.
"""

import os
import re
import selectors
import socket
import sys
import time
from pathlib import Path

import orjson

from bench.job import Job, answer
from bench.wire import message_length

SILENT = "/silent"

_SILENT = f"POST {SILENT}".encode()
_YES = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
_MESSAGE = re.compile(rb"\r\nwebhook-id: (\S+)\r\n", re.IGNORECASE)
_ORDER = re.compile(rb'"order_no":"([^"]+)"')
_RECEIVE_BYTES = 64 * 1024
_BACKLOG = 1024


class _Client:
    """One connection that came, and what was received on it that is not a whole request yet."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.received = bytearray()


class Sink:
    """Listens on a free port of this machine."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG)
        self._selector = selectors.DefaultSelector()
        self._received: list[bytes] = []
        self._example = b""
        self._silenced: list[_Client] = []

    def run(self) -> None:
        """Receive, and do what the bench asks, until it is gone."""
        self._selector.register(self._listener, selectors.EVENT_READ, None)
        self._selector.register(sys.stdin.fileno(), selectors.EVENT_READ, self)
        asked = bytearray()
        while True:
            for key, _ in self._selector.select():
                if isinstance(key.data, _Client):
                    self._read(key.data)
                elif key.data is None:
                    self._accept()
                elif not (words := os.read(sys.stdin.fileno(), _RECEIVE_BYTES)):
                    return
                else:
                    asked += words
                    *whole, asked = asked.split(b"\n")
                    for line in whole:
                        answer(self._obey(orjson.loads(line)))

    def _obey(self, job: Job) -> Job:
        match job["do"]:
            case "where":
                return {"url": f"http://127.0.0.1:{self._listener.getsockname()[1]}"}
            case "count":
                return {"received": len(self._received)}
            case "example":
                return {"request": self._example.decode("latin-1")}
            case "cut":
                silenced, self._silenced = self._silenced, []
                for client in silenced:
                    self._cut(client)
                return {"cut": len(silenced)}
            case "take":
                Path(job["file"]).write_bytes(b"".join(self._received))
                received, self._received = len(self._received), []
                return {"received": received}
        return {"error": f"unknown: {job['do']}"}

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._selector.register(connection, selectors.EVENT_READ, _Client(connection))

    def _read(self, client: _Client) -> None:
        try:
            received = client.socket.recv(_RECEIVE_BYTES)
        except ConnectionError:
            received = b""
        if not received:
            self._cut(client)
            return
        client.received += received
        length = message_length(client.received)
        if length and len(client.received) >= length:
            if client.received.startswith(_SILENT):
                self._silenced.append(client)
            else:
                self._note(client.received)
                client.socket.sendall(_YES)
            client.received.clear()

    def _cut(self, client: _Client) -> None:
        if client.socket.fileno() >= 0:
            self._selector.unregister(client.socket)
            client.socket.close()

    def _note(self, request: bytearray) -> None:
        if not self._example:
            self._example = bytes(request)
        order, message = _ORDER.search(request), _MESSAGE.search(request)
        words = (order[1] if order else b"-", message[1] if message else b"-", time.monotonic_ns())
        self._received.append(b"%b %b %d\n" % words)


if __name__ == "__main__":
    Sink().run()
