"""A small server that takes and gives models as Hugging Face's hub does, for tests: on loopback, in memory."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit


class ModelHub:
    """What the server holds.

    Attributes:
        files: of each repository by commit, in order: names and contents.
        private: the repositories that were made for their owner alone.
        status: what every request gets instead of an answer; 0 for an answer.
        url: of the server.
    """

    def __init__(self) -> None:
        self.files: dict[str, dict[str, dict[str, bytes]]] = {}
        self.private: set[str] = set()
        self.status = 0
        self.url = ""

    def revision(self, repo: str, name: str) -> str | None:
        """The commit that a revision is; None where there is none."""
        commits = list(self.files.get(repo, {}))
        return (commits[-1] if commits else "0" * 40) if name == "main" else name if name in commits else None

    def commit(self, repo: str, lines: list[dict[str, object]]) -> str:
        """Takes a commit, as its lines of JSON say it."""
        now = dict(list(self.files[repo].values())[-1]) if self.files[repo] else {}
        for line in lines:
            if line["key"] == "file":
                value = line["value"]
                assert isinstance(value, dict)
                now[value["path"]] = base64.b64decode(value["content"])
        name = hashlib.sha1(repr((len(self.files[repo]), now)).encode()).hexdigest()
        self.files[repo][name] = now
        return name


@contextmanager
def running() -> Iterator[ModelHub]:
    """The server, as long as this lasts."""
    hub = ModelHub()

    class Handler(_Handler):
        held = hub

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    held: ModelHub
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = unquote(urlsplit(self.path).path).strip("/").split("/")
        repo = "/".join(parts[2:4])
        if self._refused():
            return
        if parts == ["api", "repos", "create"]:
            asked = json.loads(body)
            repo = "/".join(filter(None, (asked.get("organization"), asked["name"])))
            self.held.files.setdefault(repo, {})
            self.held.private |= {repo} if asked.get("visibility") == "private" else set()
            self._json({"url": f"{self.held.url}/{repo}", "id": repo})
        elif parts[4:5] == ["preupload"]:
            files = [
                {"path": one["path"], "uploadMode": "regular", "shouldIgnore": False}
                for one in json.loads(body)["files"]
            ]
            self._json({"files": files})
        elif parts[4:5] == ["commit"]:
            oid = self.held.commit(repo, [json.loads(line) for line in body.splitlines()])
            self._json({"commitUrl": f"{self.held.url}/{repo}/commit/{oid}", "commitOid": oid, "success": True})
        else:
            self._json({"valid": True} if parts[:2] == ["api", "validate-yaml"] else {"error": self.path})

    def do_GET(self) -> None:
        parts = unquote(urlsplit(self.path).path).strip("/").split("/")
        if self._refused():
            return
        if parts[:2] == ["api", "models"]:
            repo, name = "/".join(parts[2:4]), parts[5] if len(parts) > 5 else "main"
            commit = self.held.revision(repo, name)
            if repo not in self.held.files:
                self._answer(404, b"", {"X-Error-Code": "RepoNotFound"})
            elif commit is None:
                self._answer(404, b"", {"X-Error-Code": "RevisionNotFound"})
            else:
                self._json({"id": repo, "sha": commit})
            return
        repo, commit, name = "/".join(parts[:2]), parts[3], "/".join(parts[4:])
        content = self.held.files.get(repo, {}).get(commit, {}).get(name)
        if content is None:
            self._answer(404, b"", {"X-Error-Code": "EntryNotFound"})
        else:
            self._answer(200, content, {"ETag": f'"{hashlib.sha256(content).hexdigest()}"', "X-Repo-Commit": commit})

    do_HEAD = do_GET

    def _refused(self) -> bool:
        if self.held.status:
            self._answer(self.held.status, b"", {})
        return bool(self.held.status)

    def _json(self, value: object) -> None:
        self._answer(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _answer(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""
