"""A server that misbehaves as it is told, and a way to it for a client that believes it speaks https with the world.

Each path has a behaviour: what is done with the connection when it is asked for. Nothing else is between client and
sockets, so that answers can be cut, be late, contradict themselves or be no HTTP at all.
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import httpx2


@dataclass
class Exchange:
    """A request, and the way back.

    Attributes:
        host: that the client believes to ask.
        path: that it asks for, with the query.
        headers: of the request, names in lower case.
        number: which request for this path it is, from 1.
    """

    host: str
    path: str
    headers: Mapping[str, str]
    number: int
    connection: socket.socket
    open: bool = True

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def answer(self, body: bytes = b"", code: int = 200, **headers: str) -> None:
        """A well-formed answer; underscores in names of headers stand for dashes."""
        named = {"Content-Length": str(len(body)), **{name.replace("_", "-"): one for name, one in headers.items()}}
        lines = [f"HTTP/1.1 {code} X", *(f"{name}: {value}" for name, value in named.items() if value)]
        self.send("\r\n".join([*lines, "", ""]).encode() + body)

    def hang_up(self) -> None:
        self.open = False


Behaviour = Callable[[Exchange], None]


def _nothing(exchange: Exchange) -> None:
    exchange.answer(b"nothing", 404)


@dataclass
class Unruly:
    """The server.

    Attributes:
        behaviours: by host and path, ``i.imgur.com/aB3dE.jpg``; what is not there is answered with 404.
        log: host and path of each request with the time at which it came, in order.
        most: connections that were waited upon at once, at most.
    """

    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    log: list[tuple[str, float]] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    most: int = 0
    port: int = 0
    _busy: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def asked(self) -> Counter[str]:
        """How often each place was asked for."""
        return Counter(place for place, _ in self.log)

    def serve(self, connection: socket.socket) -> None:
        """Answers the requests of a connection until either side has enough."""
        stream = connection.makefile("rb")
        while request := stream.readline():
            path = request.split()[1].decode()
            headers = {}
            while (line := stream.readline()) not in (b"\r\n", b""):
                name, _, value = line.decode("latin-1").partition(":")
                headers[name.lower()] = value.strip()
            place = headers["host"] + path
            with self._lock:
                self.log.append((place, time.monotonic()))
                self.headers.append(headers)
                self._busy += 1
                self.most = max(self.most, self._busy)
                exchange = Exchange(headers["host"], path, headers, self.asked[place], connection)
            try:
                self.behaviours.get(place, _nothing)(exchange)
            finally:
                with self._lock:
                    self._busy -= 1
            if not exchange.open:
                return


class WayToServer(httpx2.BaseTransport):
    """Takes requests for https addresses to a port of this machine; everything else about them stays as it is."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._inner = httpx2.HTTPTransport(trust_env=False)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        assert request.url.scheme == "https", f"{request.url} was asked for"
        local = request.url.copy_with(scheme="http", host="127.0.0.1", port=self._port)
        headers = [("Host", request.url.host), *((k, v) for k, v in request.headers.items() if k.lower() != "host")]
        return self._inner.handle_request(
            httpx2.Request(request.method, local, headers=headers, extensions=request.extensions)
        )

    def close(self) -> None:
        self._inner.close()


@contextlib.contextmanager
def unruly_server() -> Iterator[Unruly]:
    """Starts a server at a free port and ends it."""
    unruly = Unruly()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):  # the client has gone: that is what many of the tests are about
                unruly.serve(self.request)

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        unruly.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield unruly
        server.shutdown()
