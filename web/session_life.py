"""How long a session lasts: it ends after a while without use, and in any case after some hours.

The session says when it began. When it was last used stands in a cookie of its own, signed and bound to the session:
sending the session's cookie with every answer would undo what another answer sent meanwhile.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from datetime import datetime, timedelta

from flask import Response, current_app, g, request, session
from itsdangerous import BadData, URLSafeSerializer

from engine.errors import DatabaseAway
from engine.people import Somebody
from web.current import world

_USED = "_used"
_EVERY_SECONDS = 60


def begin(somebody: Somebody, *, proved: int | None) -> None:
    """Begin a session in place of whatever was there; `proved` is the second at which a password was last given."""
    session.clear()
    session.permanent = True
    session["person_id"], session["mark"] = somebody.person_id, somebody.session_mark
    session["key"] = secrets.token_hex(8)
    session["began"] = session["used"] = now()
    session["proved"] = proved
    g.uses_session = True


def proved_at() -> datetime | None:
    """Return when the person of this session last gave a password, on the clock of the world; None if not known."""
    proved = session.get("proved")
    return world().clock.now() - timedelta(seconds=now() - proved) if isinstance(proved, int) else None


def is_over() -> bool:
    """Tell whether the session of this request has ended by time."""
    settings = world().settings
    began, used = session.get("began"), last_used()
    if not isinstance(began, int) or used is None:
        return True
    return now() - began >= settings.session_hours * 3600 or now() - used >= settings.session_idle_minutes * 60


def note_use(response: Response) -> Response:
    """Say in an answer to somebody who is signed in that the session was used just now; once a minute is enough."""
    if g.get("uses_session") and "key" in session:
        with suppress(DatabaseAway):  # which knows the time: what was done is told all the same
            _note_use(response)
    return response


def _note_use(response: Response) -> None:
    if session.modified:
        session["used"] = now()
    used = last_used()
    if used is None or now() - used >= _EVERY_SECONDS or _told() is None:
        response.set_cookie(
            _cookie(),
            _signer().dumps([session["key"], now()]),
            max_age=current_app.permanent_session_lifetime,
            secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
            httponly=True,
            samesite="Lax",
        )


def last_used() -> int | None:
    """Return when the session was last used, by what it says itself and what its second cookie says."""
    known = [moment for moment in (session.get("used"), _told()) if isinstance(moment, int)]
    return max(known, default=None)


def now() -> int:
    """Return the second that it is for sessions: moving the clock of a demonstration by a week signs nobody out."""
    clock = world().clock
    return int((clock.now() - clock.offset).timestamp())


def _told() -> int | None:
    key, moment = _second_cookie()
    return moment if key == session.get("key") and isinstance(moment, int) else None


def _second_cookie() -> tuple[object, object]:
    """Return which session the second cookie is of and what it says, read once a request."""
    if "second_cookie" not in g:
        try:
            key, moment = _signer().loads(request.cookies.get(_cookie(), ""))
        except (BadData, TypeError, ValueError):
            key = moment = None
        g.second_cookie = key, moment
    found: tuple[object, object] = g.second_cookie
    return found


def _cookie() -> str:
    return str(current_app.config["SESSION_COOKIE_NAME"]) + _USED


def _signer() -> URLSafeSerializer:
    key = current_app.secret_key
    assert key is not None
    return URLSafeSerializer(key, salt="session used")
