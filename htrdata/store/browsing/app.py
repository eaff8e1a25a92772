"""The addresses of the page, and who may ask: this machine only, by its own name, with the token in the address."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from http import HTTPStatus
from importlib import resources

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from htrdata.errors import BadDataError, HtrError, OutOfRangeError, SourceMissingError, UsageError
from htrdata.files.strict_json import Json, parse
from htrdata.images.codec import ImageError
from htrdata.store.browsing.answers import Answers
from htrdata.store.browsing.correcting import ChangedElsewhereError
from htrdata.store.browsing.filtering import Query

HOSTS = ("127.0.0.1", "localhost")
"""What the page may be asked for by: a name that a stranger's server gives this machine is none of them."""

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",  # the address has the token
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
_FILES = {
    "": ("index.html", "text/html"),
    "browse.css": ("browse.css", "text/css"),
    "browse.js": ("browse.js", "text/javascript"),
    "list.js": ("list.js", "text/javascript"),
    "detail.js": ("detail.js", "text/javascript"),
}
_PNG = b"\x89PNG"
_MOST_BODY = 1 << 20  # bytes of a correction
_MARGINS = {"near": 1.5, "line": 5.0, "page": float("inf")}


def make_app(answers: Answers, token: str) -> Starlette:
    """The application.

    Args:
        answers: to what is asked.
        token: that all addresses begin with.
    """
    routes = [
        Route("/about", _answering(lambda asked: answers.about())),
        Route("/words", _answering(lambda asked: _words(answers, asked))),
        Route("/word/{row:int}", _answering(lambda asked: answers.word(_row(asked)))),
        Route("/image/{row:int}", _picturing(lambda asked: answers.image(_row(asked)), keep=True)),
        Route("/page/{row:int}", _picturing(lambda asked: answers.page(_row(asked), _margin(asked)))),
        Route("/correct/{row:int}", _correcting(answers), methods=["POST"]),
        Route("/undo", _answering(lambda asked: answers.undo()), methods=["POST"]),
        *(Route(f"/{name}", _file(*file)) for name, file in _FILES.items()),
    ]
    guard = [Middleware(TrustedHostMiddleware, allowed_hosts=list(HOSTS)), Middleware(_Guard, token=token)]
    return Starlette(routes=routes, middleware=guard)


class _Guard:
    """Lets through what knows the token, without it, and says in each answer what a page may do with it."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self.app = app
        self.token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return  # a web socket is asked for: there is none
        token, _, rest = str(scope["path"]).removeprefix("/").partition("/")
        if not secrets.compare_digest(token.encode(errors="surrogatepass"), self.token) or not _own(scope):
            await Response("there is nothing here", HTTPStatus.NOT_FOUND, _HEADERS)(scope, receive, send)
            return
        inner = {**scope, "path": f"/{rest}", "raw_path": None, "root_path": ""}
        await self.app(inner, receive, send)


def _own(scope: Scope) -> bool:
    """Whether a browser, where it says so, asks for this page itself, and not a page of somebody else."""
    headers = dict(scope["headers"])
    return headers.get(b"sec-fetch-site", b"none") in (b"none", b"same-origin")


def _answering(answer: Callable[[Request], Mapping[str, Json]]) -> Callable[[Request], Response]:
    """An address that answers with JSON. It is called in a thread."""

    def answered(request: Request) -> Response:
        try:
            return JSONResponse(answer(request), headers=_HEADERS)
        except HtrError as error:
            return _refused(error)

    return answered


def _picturing(picture: Callable[[Request], bytes | None], *, keep: bool = False) -> Callable[[Request], Response]:
    """An address that answers with an image, which the browser may keep where it will be the same."""

    def answered(request: Request) -> Response:
        try:
            found = picture(request)
        except (HtrError, ImageError) as error:
            return _refused(error)
        if found is None:
            return Response("no picture", HTTPStatus.NOT_FOUND, _HEADERS)
        kind = "image/png" if found.startswith(_PNG) else "image/jpeg"
        headers = {**_HEADERS, "Cache-Control": "private, max-age=3600, immutable"} if keep else _HEADERS
        return Response(found, headers=headers, media_type=kind)

    return answered


def _refused(error: Exception) -> Response:
    code = HTTPStatus.INTERNAL_SERVER_ERROR
    if isinstance(error, OutOfRangeError | SourceMissingError):
        code = HTTPStatus.NOT_FOUND
    elif isinstance(error, ChangedElsewhereError):
        code = HTTPStatus.CONFLICT
    elif isinstance(error, UsageError | BadDataError | ImageError):
        code = HTTPStatus.BAD_REQUEST
    return JSONResponse({"error": str(error)}, code, _HEADERS)


def _correcting(answers: Answers) -> Callable[[Request], object]:
    async def corrected(request: Request) -> Response:
        from starlette.concurrency import run_in_threadpool

        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > _MOST_BODY:
                return JSONResponse({"error": "this is too long for a label"}, HTTPStatus.BAD_REQUEST, _HEADERS)
        try:
            found = parse(body.decode("utf-8", "replace"), "what the page sent", 1)
            new = found.get("new") if isinstance(found, dict) else None
            if not isinstance(new, str):
                raise UsageError("a correction is an object with the text new")
            return JSONResponse(await run_in_threadpool(answers.correct, _row(request), new), headers=_HEADERS)
        except HtrError as error:
            return _refused(error)

    return corrected


def _file(name: str, kind: str) -> Callable[[Request], Response]:
    content = resources.files("htrdata.store.browsing").joinpath("page", name).read_bytes()
    return lambda request: Response(content, headers=_HEADERS, media_type=kind)


def _words(answers: Answers, request: Request) -> dict[str, Json]:
    asked = dict(request.query_params)
    numbers = {name: _number(asked.pop(name, "0"), name) for name in ("first", "count")}
    around = asked.pop("around", "")
    query = Query.parse(asked)
    found = answers.listed(query, numbers["first"], numbers["count"])
    return {**found, "place": answers.place(query, _number(around, "around"))} if around else found


def _number(text: str, name: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise UsageError(f"{name} is {text!r}, no whole number") from None


def _row(request: Request) -> int:
    row: int = request.path_params["row"]
    return row


def _margin(request: Request) -> float:
    return _MARGINS.get(request.query_params.get("show", ""), _MARGINS["near"])
