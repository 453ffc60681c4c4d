"""A provider outside the product: it takes letters, payment instructions and emails over real connections.

What it took, and what it was asked twice, stands in a log of its own, which is only ever appended to and which the
product never sees. It keeps the first file of a name. Each client has a part of its own: the first word of the path, or
the name before the @ of the sender. It may be told to behave badly to whoever comes next.
"""

from __future__ import annotations

import json
import os
import socketserver
import threading
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal

Manner = Literal["refuse", "take and refuse", "take and hang up", "take and be late", "answer twice"]
LATE = 1.5  # seconds: more than the tests let a provider take


class Provider:
    """A print room, a payment system and a mail server, all in one; `log` is where they write down what they took."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.manners: deque[Manner] = deque()
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._http = _HttpServer(("127.0.0.1", 0), _HttpHandler)
        self._smtp = _SmtpServer(("127.0.0.1", 0), _SmtpHandler)
        self._http.provider = self._smtp.provider = self
        self._threads = [
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
            for server in (self._http, self._smtp)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def url(self) -> str:
        """Where files are taken."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    @property
    def mail_server(self) -> str:
        """Where emails are taken."""
        return f"127.0.0.1:{self._smtp.server_address[1]}"

    def close(self) -> None:
        """Go home."""
        self.closing.set()
        for server, thread in zip((self._http, self._smtp), self._threads, strict=True):
            server.shutdown()
            server.server_close()
            thread.join()
        os.close(self._descriptor)

    def manner(self) -> Manner | None:
        """Return how to behave to whoever has just come."""
        with self._lock:
            return self.manners.popleft() if self.manners else None

    def take(self, client: str, kind: str, name: str, content: bytes) -> bool:
        """Take a file unless one of its name was taken; return whether it was. An email is always taken."""
        with self._lock:
            known = kind != "mail" and any(
                (entry["kind"], entry["name"]) == (kind, name) and entry["taken"] for entry in self.entries(client)
            )
            entry = {"client": client, "kind": kind, "name": name, "taken": not known}
            entry |= {"sha256": sha256(content).hexdigest(), "content": content.decode("latin-1")}
            os.write(self._descriptor, json.dumps(entry).encode() + b"\n")
            return not known

    def entries(self, client: str) -> list[dict[str, Any]]:
        """Return what the log says of a client, in order; `taken` is false for what was sent again."""
        lines = self.log.read_text().splitlines()
        return [entry for entry in map(json.loads, lines) if entry["client"] == client]

    def taken(self, client: str) -> Counter[str]:
        """Return how often each thing of a client was taken: ``letters/1-send-1-0a1b.pdf``, ``mail/<...@...>``."""
        return Counter(f"{entry['kind']}/{entry['name']}" for entry in self.entries(client) if entry["taken"])


@contextmanager
def provider(folder: Path) -> Iterator[Provider]:
    """Open a provider that keeps its log in a folder."""
    opened = Provider(folder / "provider.log")
    try:
        yield opened
    finally:
        opened.close()


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True
    provider: Provider


class _HttpHandler(BaseHTTPRequestHandler):
    server: _HttpServer

    def do_PUT(self) -> None:
        """Take a file."""
        content = self.rfile.read(int(self.headers["Content-Length"]))
        client, kind, name = self.path.strip("/").split("/")
        if self.headers["If-None-Match"] != "*":
            name += f" without a key, number {len(self.server.provider.entries(client)) + 1}"
        manner = self.server.provider.manner()
        if manner == "refuse":
            self._answer(500)
            return
        status = 201 if self.server.provider.take(client, kind, name, content) else 412
        if manner == "take and hang up":
            self.close_connection = True
            return
        if manner == "take and be late":
            self.server.provider.closing.wait(LATE)
        self._answer(500 if manner == "take and refuse" else status)
        if manner == "answer twice":
            self._answer(status)

    def do_GET(self) -> None:
        """Show a file that was taken."""
        client, kind, name = self.path.strip("/").split("/")
        for entry in self.server.provider.entries(client):
            if (entry["kind"], entry["name"]) == (kind, name):
                self._answer(200, entry["content"].encode("latin-1"))
                return
        self._answer(404)

    def _answer(self, status: int, content: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing on the console."""

    def handle(self) -> None:
        """Hold one conversation; whoever hangs up first is let go."""
        try:
            super().handle()
        except ConnectionError:
            self.close_connection = True


class _SmtpServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    provider: Provider


class _SmtpHandler(socketserver.StreamRequestHandler):
    server: _SmtpServer

    def handle(self) -> None:
        """Hold one conversation."""
        try:
            self._talk()
        except ConnectionError:
            return  # they hung up

    def _talk(self) -> None:
        self._say("220 ready")
        sender = ""
        while line := self.rfile.readline():
            word = line.strip().upper()
            if word.startswith(b"MAIL FROM"):
                sender = line.decode().partition("<")[2].partition("@")[0]
                self._say("250 ok")
            elif word == b"DATA":
                if not self._take(sender):
                    return
            elif word == b"QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _take(self, sender: str) -> bool:
        """Take an email; return whether the conversation goes on."""
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        content = b"".join(lines)
        manner = self.server.provider.manner()
        if manner == "refuse":
            self._say("451 not now")
            return True
        message = message_from_bytes(content, policy=policy.default)
        self.server.provider.take(sender, "mail", str(message["Message-ID"]), content)
        if manner == "take and hang up":
            return False
        if manner == "take and be late":
            self.server.provider.closing.wait(LATE)
        self._say("451 not now" if manner == "take and refuse" else "250 taken")
        return True

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")
