"""A load generator: a fixed number of connections, each sending its next request when the last one is answered.

One process, one epoll loop, requests put together beforehand, so that it costs the server as little of the machine as
possible. It reads status and length of each answer and keeps the body of those that are asked for.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field


@dataclass
class Load:
    """What happened: latencies in ms of answers by status, in order of arrival, and seconds in all."""

    seconds: float = 0.0
    latency_ms: list[float] = field(default_factory=list)
    status: dict[int, int] = field(default_factory=dict)
    bodies: list[bytes] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Answers of 2xx a second."""
        return sum(n for status, n in self.status.items() if 200 <= status < 300) / self.seconds

    def joined(self, other: Load) -> Load:
        """Both, one after the other."""
        status = {code: self.status.get(code, 0) + other.status.get(code, 0) for code in {*self.status, *other.status}}
        return Load(
            self.seconds + other.seconds, self.latency_ms + other.latency_ms, status, self.bodies + other.bodies
        )


class _Connection:
    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.got = b""
        self.begun = 0.0


def request(path: str, body: bytes, headers: dict[str, str], host: str = "127.0.0.1") -> bytes:
    """One HTTP/1.1 POST, ready to be sent."""
    lines = [f"POST {path} HTTP/1.1", f"Host: {host}", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in headers.items()] + [f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


def run(
    address: tuple[str, int],
    requests: Iterator[bytes] | Sequence[bytes],
    *,
    connections: int,
    keep: bool = False,
    on_answer: Callable[[int, bytes], None] | None = None,
) -> Load:
    """Send all `requests` over `connections` connections. A connection that breaks ends quietly with its request."""
    waiting = iter(requests)
    chosen = selectors.DefaultSelector()
    load = Load()
    clock = time.perf_counter
    begin = clock()
    for _number in range(connections):
        first = next(waiting, None)
        if first is None:
            break
        connection = _Connection(address)
        connection.begun = clock()
        connection.socket.sendall(first)
        chosen.register(connection.socket, selectors.EVENT_READ, connection)
    while chosen.get_map():
        for key, _events in chosen.select(timeout=30) or _timeout(chosen):
            connection = key.data
            try:
                part = connection.socket.recv(65536)
            except OSError:
                part = b""
            if not part:
                chosen.unregister(connection.socket)
                connection.socket.close()
                continue
            connection.got += part
            status, body = _answer(connection.got)
            if body is None:
                continue
            now = clock()
            load.latency_ms.append((now - connection.begun) * 1000)
            load.status[status] = load.status.get(status, 0) + 1
            if keep:
                load.bodies.append(body)
            if on_answer:
                on_answer(status, body)
            connection.got = b""
            following = next(waiting, None)
            if following is None:
                chosen.unregister(connection.socket)
                connection.socket.close()
                continue
            connection.begun = clock()
            try:
                connection.socket.sendall(following)
            except OSError:
                chosen.unregister(connection.socket)
                connection.socket.close()
    load.seconds = clock() - begin
    return load


def _timeout(chosen: selectors.BaseSelector) -> list[tuple[selectors.SelectorKey, int]]:
    """Nothing was answered for half a minute: give up on all that is open."""
    for key in list(chosen.get_map().values()):
        chosen.unregister(key.fileobj)
        key.data.socket.close()
    return []


def _answer(got: bytes) -> tuple[int, bytes | None]:
    """Status and body of one answer; None while it is not whole."""
    end = got.find(b"\r\n\r\n")
    if end < 0:
        return 0, None
    at = got.find(b"content-length: ")
    length = int(got[at + 16 : got.find(b"\r\n", at)]) if 0 <= at < end else 0
    if len(got) < end + 4 + length:
        return 0, None
    return int(got[9:12]), got[end + 4 : end + 4 + length]
