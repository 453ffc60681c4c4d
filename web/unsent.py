"""What somebody typed and sent too late: they were signed out meanwhile, or their page was out of date.

Nothing is done with it. It is shown, carried through the sign-in, and sent again by whoever typed it. Only what one of
our own pages sent is carried on; of anything else no more than the text is shown, so that no other site has it sent.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import make_response, render_template, request, session
from werkzeug.wrappers import Response

from web.addresses import own_address
from web.current import world

# What a page brings along besides: sent again, and not shown.
_BROUGHT = frozenset({"once", "seen", "draft", "window", "version", "do", "back", "differs", "size", "up_to"})
_NEVER = frozenset({"csrf_token", "password", "again"})
_MOST = 200_000
"""Characters that are carried: ten times the longest answer there is."""


@dataclass(frozen=True, slots=True)
class Unsent:
    """What was typed into the page at an address of ours; `is_ours` tells whether it may be sent again from here."""

    path: str
    fields: tuple[tuple[str, str], ...]
    is_ours: bool = True

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Return what a person typed, as rows of a summary list."""
        return [
            {"key": {"text": _words(name)}, "value": {"text": value}}
            for name, value in self.fields
            if name not in _BROUGHT and not name.endswith("-rows") and value.strip()
        ]

    @property
    def carried(self) -> str:
        """Return it as a form carries it through the sign-in."""
        return json.dumps([self.path, self.fields])


def sent_now() -> Unsent | None:
    """Return what the request at hand brought; None where nothing was typed, or a password."""
    if request.method != "POST" or "password" in request.form:
        return None
    fields = tuple((name, value) for name, value in request.form.items(multi=True) if name not in _NEVER)
    if sum(len(name) + len(value) for name, value in fields) > _MOST:
        return None
    found = Unsent(request.full_path.rstrip("?"), fields, _is_from_here())
    return found if found.rows else None


def brought() -> Unsent | None:
    """Return what the page of the sign-in carried; None where it carried nothing, or what we never write there."""
    try:
        path, pairs = json.loads(request.form.get("unsent", ""))
        fields = tuple((str(name), str(value)) for name, value in pairs if name not in _NEVER)
    except (ValueError, TypeError):
        return None
    return Unsent(path, fields) if isinstance(path, str) and own_address(path) else None


def page(
    left: Unsent,
    *,
    status: int,
    username: str = "",
    problems: dict[str, str] | None = None,
    failed: tuple[str, str] | None = None,
) -> Response:
    """Show what was typed: to whoever is signed out beside the sign-in, to others with a button that sends it again.

    `failed` is a heading and what happened, where it was sent in time and could not be done.
    """
    settings = world().settings
    shown = render_template(
        "session/unsent.html",
        left=left,
        signed_out="person_id" not in session and failed is None,
        failed=failed,
        asks_password=settings.local_sign_in,
        username=username,
        problems=problems or {},
        status=status,
    )
    return make_response(shown, status)


def _is_from_here() -> bool:
    """Tell whether a page of ours sent this; browsers say where a form comes from and let no other site say it."""
    said = request.headers.get("Origin") or request.headers.get("Referer") or ""
    return urlsplit(said).netloc == request.host


def _words(name: str) -> str:
    """Return a field's name as words: request.plan_reasons-0-comments is the comments of the first of a list."""
    said = name.removeprefix("request.").removeprefix("case.").replace("_", " ").replace(".", " ")
    parts = [str(int(part) + 1) if part.isdecimal() and len(part) < 5 else part for part in said.split("-")]
    return " ".join(parts).capitalize()
