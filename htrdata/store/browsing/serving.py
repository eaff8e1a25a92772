"""Serves the page on this machine until it is stopped."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable

import uvicorn

from htrdata.errors import CannotCreateError
from htrdata.store.browsing.answers import Answers
from htrdata.store.browsing.app import make_app

_LOOPBACK = "127.0.0.1"


def serve(answers: Answers, port: int, ready: Callable[[str], None]) -> None:
    """Serves until SIGINT or SIGTERM, which uvicorn raises again when it has ended.

    Args:
        answers: to what the page asks.
        port: of 127.0.0.1; 0 for any that is free.
        ready: is told the address, with the token without which nothing is answered, once it can be asked for.

    Raises:
        CannotCreateError: the port is taken.
    """
    token = secrets.token_urlsafe(24)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((_LOOPBACK, port))
            listening.listen(128)
        except OSError as error:
            raise CannotCreateError(
                f"port {port} cannot be opened ({error.strerror}): choose another --port"
            ) from error
        ready(f"http://{_LOOPBACK}:{listening.getsockname()[1]}/{token}/")
        config = uvicorn.Config(
            make_app(answers, token),
            log_level="warning",
            access_log=False,
            lifespan="off",
            server_header=False,
            ws="none",
            timeout_graceful_shutdown=2,
        )
        uvicorn.Server(config).run(sockets=[listening])
