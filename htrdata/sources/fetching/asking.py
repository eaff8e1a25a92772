"""One question to a server that may answer anything: what comes is written to a part file, as far as it makes sense."""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, NoReturn
from urllib.parse import urljoin, urlsplit

import httpx2

from htrdata.sources.fetching.hosts import Host, Places, Politeness, seconds_of
from htrdata.sources.fetching.wanted import RESUMED_FROM, CannotHaveError, Status, StoppedError

_MOVED = (301, 302, 303, 307, 308)
_MOVES = 4
_GONE = (404, 410)
_REFUSED = (401, 403, 451)
_LATER = (408, 425, 500, 502, 503, 504)
_RANGE = re.compile(r"bytes (\d{1,15})-\d{1,15}/(\d{1,15}|\*)")


def open_client(politeness: Politeness, transport: httpx2.BaseTransport | None = None) -> httpx2.Client:
    """A client that follows no redirect by itself, takes bytes as they are, and has certificates checked.

    Args:
        politeness: how servers are asked.
        transport: another way to servers, for tests.
    """
    connections = politeness.connections
    return httpx2.Client(
        headers={"User-Agent": politeness.agent, "Accept": "*/*", "Accept-Encoding": "identity"},
        timeout=httpx2.Timeout(politeness.timeout),
        limits=httpx2.Limits(max_connections=connections, max_keepalive_connections=connections),
        follow_redirects=False,
        transport=transport,
    )


class Asker:
    """Asks the hosts of a data set; safe to use from several threads.

    Args:
        client: as `open_client` gives it.
        places: where questions may go.
        politeness: how they are asked.
        stop: ends whatever is waited for once it is set.
        say: is told of pauses, in a sentence.
    """

    def __init__(
        self,
        client: httpx2.Client,
        places: Places,
        politeness: Politeness,
        stop: threading.Event,
        say: Callable[[str], None],
    ) -> None:
        self.places = places
        self.politeness = politeness
        self.stop = stop
        self._client = client
        self._hosts = {name: Host(name, politeness, say) for name in places.hosts}

    def close(self) -> None:
        """Ends the connections."""
        self._client.close()

    def ask(self, url: str, part: Path, limit: int) -> int:
        """Asks for a file, and writes what comes to a part file, behind what is there already if that is much.

        Args:
            url: of the file; it must be one of ours.
            part: the part file.
            limit: bytes that the file cannot have more of.

        Returns:
            The status code of the answer.

        Raises:
            CannotHaveError: no file came.
            StoppedError: the run was stopped.
            OSError: the part file cannot be written.
        """
        place = url
        for _ in range(_MOVES):
            code, moved = self._ask_host(place, part, limit)
            if moved is None:
                return code
            place = self._checked(place, moved, code)
        raise CannotHaveError(Status.REDIRECTED, f"led on {_MOVES} times, at last to {place}", code)

    def _ask_host(self, url: str, part: Path, limit: int) -> tuple[int, str | None]:
        """The status code, and where the answer leads to, if it does."""
        host = self._hosts[urlsplit(url).hostname or ""]
        host.wait_for_turn(self.stop)
        try:
            return self._ask_once(url, part, limit)
        except CannotHaveError as error:
            if error.again or error.status is Status.REFUSED:
                error.again &= not host.has_failed(error.detail, answered=error.http is not None)
            else:
                host.has_answered()
            raise

    def judge(self, url: str, fault: str | None) -> None:
        """Tells the host of an address whether what it gave was of any use.

        Args:
            url: that was asked for.
            fault: what was wrong with all of it, in a few words; None where it was an answer, if not a wished one.
        """
        host = self._hosts[urlsplit(url).hostname or ""]
        if fault is None:
            host.has_answered()
        else:
            host.has_failed(fault, answered=True)

    def _ask_once(self, url: str, part: Path, limit: int) -> tuple[int, str | None]:
        there = part.stat().st_size if part.exists() else 0
        there = there if RESUMED_FROM <= there < limit else 0
        headers = {"Range": f"bytes={there}-"} if there else {}
        with _failures("before the answer"), self._client.stream("GET", url, headers=headers) as response:
            code = response.status_code
            if code in _MOVED and (moved := response.headers.get("Location")):
                return code, moved
            if code == 206 and there and _continues(response.headers.get("Content-Range"), there):
                self._write(response, part, there, limit)
            elif code == 200:
                self._write(response, part, 0, limit)
            else:
                part.unlink(missing_ok=True)
                self._explain(response, there)
            return code, None

    def _write(self, response: httpx2.Response, part: Path, there: int, limit: int) -> None:
        announced = response.headers.get("Content-Length", "")
        coming = int(announced) if re.fullmatch("[0-9]{1,18}", announced) else 0
        if there + coming > limit:
            code = response.status_code
            raise CannotHaveError(Status.TOO_LARGE, f"{there + coming:,} bytes announced, more than {limit:,}", code)
        with part.open("r+b" if there else "wb") as file, _failures("within the answer", response.status_code):
            file.seek(there)
            self._copy(response, file, there, limit)

    def _copy(self, response: httpx2.Response, file: BinaryIO, there: int, limit: int) -> None:
        """What comes, as long as it is not too much and comes fast enough."""
        began = time.monotonic()
        came = 0
        for block in response.iter_raw():
            if self.stop.is_set():
                raise StoppedError
            came += len(block)
            if there + came > limit:
                raise CannotHaveError(Status.TOO_LARGE, f"more than {limit:,} bytes came", response.status_code)
            file.write(block)
            took = time.monotonic() - began
            if took > self.politeness.timeout and came < self.politeness.slowest * took:
                detail = f"{came:,} bytes in {took:.0f} seconds"
                raise CannotHaveError(Status.TIMEOUT, detail, response.status_code, again=True)

    def _explain(self, response: httpx2.Response, there: int) -> NoReturn:
        """Says what a status code means that brings no file."""
        code = response.status_code
        said = f"HTTP {code}"
        if code in _GONE:
            raise CannotHaveError(Status.MISSING, said, code)
        if code in _REFUSED:
            raise CannotHaveError(Status.REFUSED, said, code)
        if code == 429 or code in _LATER:
            host = self._hosts[response.url.host]
            seconds = seconds_of(response.headers.get("Retry-After"))
            if code == 429 or seconds is not None:
                host.asks_for_pause(seconds)
            raise CannotHaveError(Status.RATE_LIMITED if code == 429 else Status.SERVER_ERROR, said, code, again=True)
        again = there > 0  # it was asked for the rest of what there was: next time it is asked for all
        raise CannotHaveError(Status.STRANGE_ANSWER, said, code, again=again)

    def _checked(self, place: str, moved: str, code: int) -> str:
        """The address that an answer leads to from a place, if it is one of ours.

        Raises:
            CannotHaveError: it is not, or it is that of what was removed.
        """
        try:
            url = urljoin(place, moved)
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise CannotHaveError(Status.REDIRECTED, f"led to {moved[:200]!r}, which is no address", code) from None
        if f"{host}{parts.path}" in self.places.removed:
            raise CannotHaveError(Status.REMOVED, f"led to {url}", code)
        if parts.scheme != "https" or host not in self.places.hosts or port not in (None, 443) or "@" in parts.netloc:
            raise CannotHaveError(Status.REDIRECTED, f"led to {url[:200]!r}: not followed", code)
        return url


def _continues(content_range: str | None, there: int) -> bool:
    found = _RANGE.fullmatch(content_range or "")
    return found is not None and int(found[1]) == there


@contextlib.contextmanager
def _failures(where: str, code: int | None = None) -> Iterator[None]:
    """Says in our words what went wrong on the way."""
    try:
        yield
    except httpx2.TimeoutException as error:
        raise CannotHaveError(Status.TIMEOUT, f"no answer in time, {where}", code, again=True) from error
    except (httpx2.ProtocolError, httpx2.ReadError) as error:
        broken = isinstance(error, httpx2.ReadError)
        status = Status.TRUNCATED if code else Status.UNREACHABLE if broken else Status.STRANGE_ANSWER
        raise CannotHaveError(status, f"{error}, {where}", code, again=True) from error
    except (httpx2.TransportError, httpx2.InvalidURL) as error:
        raise CannotHaveError(Status.UNREACHABLE, str(error) or type(error).__name__, again=True) from error
