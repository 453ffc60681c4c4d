"""Forms that only add something: sent twice, as by a double click, they add it once.

Each form that is drawn carries a key of its own. What counts as the same is the same key with the same answers, from
the same person: whoever goes back and changes a word has said something new, and so has whoever opens the page again
and says the same on purpose. A form without a key adds each time.
"""

from __future__ import annotations

import secrets
from hashlib import sha256

from flask import request
from markupsafe import Markup

from engine.values import dumps
from web.current import person

_FIELD = "once"


def once_field() -> Markup:
    """Return the hidden field that makes a drawn form one of its own."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(_FIELD, secrets.token_urlsafe(16))


def sent_key(*said: object) -> str | None:
    """Return what is the same whenever the very form that came in is sent again; None when it carries no key."""
    key = request.form.get(_FIELD, "")
    if not key:
        return None
    return sha256(dumps([key, request.path, person().person_id, *said]).encode()).hexdigest()
