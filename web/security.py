"""What every answer carries for safety: a strict content policy, no framing, no sniffing; and the secret key."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from flask import Flask, Response, current_app, request, session

from engine.settings import Settings
from web.addresses import RowNumber
from web.tries import Tries

_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
MAX_SENT = 2_000_000
# Where files may be sent. A file that is too large gets its sentence beside the question, with what was typed kept, as
# long as all that is sent is no more than these many times the limit.
_TAKES_FILES = frozenset({"tasks.submit", "documents.attach"})
_FILES_AT_ONCE = 4
# The diagram viewer sets style attributes on what it draws; it runs no style sheet and no script of its own.
_DIAGRAM_PAGES = frozenset({"operations.instance", "definitions.page"})


def most_sent(upload_megabytes: int) -> int:
    """Return how many bytes a request with files may have."""
    return MAX_SENT + _FILES_AT_ONCE * upload_megabytes * 1_000_000


def secure(app: Flask) -> None:
    """Set session cookie, size limits, the numbers that a path may hold, and headers."""
    app.config.update(
        SESSION_COOKIE_NAME="redress",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(hours=12),
        # An answer that changes nothing must not send the cookie again: it would undo what a page sent meanwhile.
        SESSION_REFRESH_EACH_REQUEST=False,
        MAX_CONTENT_LENGTH=MAX_SENT,
        MAX_FORM_MEMORY_SIZE=MAX_SENT,
        MAX_FORM_PARTS=5_000,
        WTF_CSRF_TIME_LIMIT=None,
    )
    app.extensions["redress_tries"] = Tries()
    app.url_map.converters["int"] = RowNumber
    app.before_request(_let_files_in)
    app.after_request(_add_headers)


def keep_private(data_dir: Path) -> None:
    """Keep what lies in the data directory from other users of the machine: clients' data, letters, the secret key.

    A directory that was there before keeps its own mode: it may hold other things too.
    """
    os.umask(0o077)
    data_dir.mkdir(parents=True, exist_ok=True)
    for pattern, mode in (("redress.db*", 0o600), ("lock", 0o600), ("spool", 0o700)):
        for path in data_dir.glob(pattern):
            with suppress(PermissionError):  # of another user, who has let us in
                path.chmod(mode)


def secret_key(data_dir: Path) -> bytes:
    """Return the key that signs sessions: made on the first start, readable by its owner alone."""
    path = data_dir / "secret-key"
    data_dir.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_hex(32).encode())
    return path.read_bytes()


def _let_files_in() -> None:
    """Let people who are signed in send files, where files are asked for; registered before anything reads a form."""
    if request.endpoint in _TAKES_FILES and "person_id" in session:
        settings: Settings = current_app.extensions["redress"].settings
        request.max_content_length = most_sent(settings.upload_megabytes)


def _add_headers(response: Response) -> Response:
    policy = dict(_POLICY)
    if request.endpoint in _DIAGRAM_PAGES:
        policy["style-src-attr"] = "'unsafe-inline'"
    text = "; ".join(f"{name} {value}" for name, value in policy.items())
    response.headers.setdefault("Content-Security-Policy", text)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response
