"""What every request is held to and every answer carries for safety: our names, https, sizes, cookies, headers."""

from __future__ import annotations

import os
import re
import secrets
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import cast

from flask import Flask, Response, current_app, request, session
from flask.typing import ResponseReturnValue
from werkzeug.middleware.proxy_fix import ProxyFix

from engine.settings import Settings
from web import session_life
from web.addresses import RowNumber
from web.errors import error_page
from web.sent_files import Request

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
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_ONE_YEAR = 365 * 24 * 3600
MAX_SENT = 2_000_000
# Where files may be sent. A file that is too large gets its sentence beside the question, with what was typed kept.
_TAKES_FILES = frozenset({"tasks.submit", "documents.attach"})
_FILES_AT_ONCE = 4
# The diagram viewer sets style attributes on what it draws; it runs no style sheet and no script of its own.
_DIAGRAM_PAGES = frozenset({"operations.instance", "definitions.page"})
# Asked by machines from beside us, and not through the proxy that speaks https.
_FOR_MACHINES = frozenset({"health.health"})
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?")
_THIS_MACHINE = ("127.0.0.1", "localhost", "[::1]")


def most_sent(upload_megabytes: int) -> int:
    """Return how many bytes a request may have whose files are all looked at."""
    return MAX_SENT + _FILES_AT_ONCE * upload_megabytes * 1_000_000


def most_received(upload_megabytes: int) -> int:
    """Return how many bytes of a request are received at all: of one with too many files, what was typed is kept."""
    return 4 * MAX_SENT + 2 * most_sent(upload_megabytes)


def secure(app: Flask, settings: Settings) -> None:
    """Set session cookie, size limits, the numbers that a path may hold, the names that we go by, and headers."""
    app.request_class = Request
    app.config.update(
        # A browser takes a cookie whose name begins so only over https, for this very host and all its paths.
        SESSION_COOKIE_NAME="__Host-redress" if settings.https else "redress",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.https,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=settings.session_hours),
        # An answer that changes nothing must not send the cookie again: it would undo what a page sent meanwhile.
        SESSION_REFRESH_EACH_REQUEST=False,
        MAX_CONTENT_LENGTH=MAX_SENT,
        MAX_FORM_MEMORY_SIZE=MAX_SENT,
        MAX_FORM_PARTS=5_000,
        WTF_CSRF_TIME_LIMIT=None,
    )
    if settings.proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies, x_host=0, x_port=0, x_prefix=0
        )
    app.url_map.converters["int"] = RowNumber
    app.before_request(_refuse_nul)
    app.before_request(_refuse_other_names)
    app.before_request(_refuse_plain_http)
    app.before_request(_let_files_in)
    app.after_request(_add_headers)
    app.after_request(session_life.note_use)


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


def _settings() -> Settings:
    found: Settings = current_app.extensions["redress"].settings
    return found


def _refuse_nul() -> ResponseReturnValue | None:
    """Refuse an address with a NUL, which nothing here has and no database column takes."""
    if "\0" not in request.path:
        return None
    return error_page("Page not found", "If you typed the web address, check it is correct.", 404)


def _refuse_other_names() -> ResponseReturnValue | None:
    """Refuse a request that calls us by a name that is not ours: another site's, led to this machine's address."""
    settings = _settings()
    ours = settings.hosts or (_THIS_MACHINE if settings.is_for_this_machine else ())
    called = _HOST.fullmatch(request.environ.get("HTTP_HOST", ""))
    if not ours or (called is not None and called[1].lower() in ours):
        return None
    text = "Nothing was changed. Use the address that you were given. Operations: REDRESS_HOSTS names the addresses."
    return error_page("This service is not at that address", text, 400)


def _refuse_plain_http() -> ResponseReturnValue | None:
    if not _settings().https or request.is_secure or request.endpoint in _FOR_MACHINES:
        return None
    text = (
        "Nothing was changed. Begin the address with https://. Operations: behind a proxy, REDRESS_PROXIES says how "
        "many of them there are, and each passes on X-Forwarded-Proto."
    )
    return error_page("Open this service over https", text, 400)


def _let_files_in() -> None:
    """Let people who are signed in send files, where files are asked for; registered before anything reads a form."""
    if request.endpoint in _TAKES_FILES and "person_id" in session:
        megabytes = _settings().upload_megabytes
        request.max_content_length = most_received(megabytes)
        cast(Request, request).most_of_files = most_sent(megabytes)


def _add_headers(response: Response) -> Response:
    policy = dict(_POLICY)
    if request.endpoint in _DIAGRAM_PAGES:
        policy["style-src-attr"] = "'unsafe-inline'"
    text = "; ".join(f"{name} {value}" for name, value in policy.items())
    response.headers.setdefault("Content-Security-Policy", text)
    response.headers.update(_HEADERS)
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    if _settings().https:
        response.headers["Strict-Transport-Security"] = f"max-age={_ONE_YEAR}"
    return response
