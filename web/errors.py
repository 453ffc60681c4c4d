"""Errors as pages: the only place that gives an error of the engine its HTTP status and its heading."""

from __future__ import annotations

import logging

from flask import Flask, current_app, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError  # type: ignore[import-untyped]
from werkzeug.exceptions import HTTPException

from engine.errors import (
    Conflict,
    DatabaseAway,
    DatabaseBusy,
    DeploymentRefused,
    DraftIsNewer,
    InstanceSuspended,
    MessageAmbiguous,
    MessageNotAwaited,
    NotAllowed,
    NotCompatible,
    NotFound,
    ProofNeeded,
    RedressError,
    SentBefore,
    SettingsInvalid,
    SignInRefused,
    TaskAlreadyClaimed,
    TaskAlreadyCompleted,
    TaskNotClaimed,
    TaskNotYours,
    TaskWithdrawn,
    ValuesRefused,
)
from web import access, unsent
from web.current import world

log = logging.getLogger(__name__)

PAGES: dict[type[RedressError], tuple[int, str]] = {
    RedressError: (409, "This could not be done"),
    NotFound: (404, "Page not found"),
    SignInRefused: (401, "You are not signed in"),
    NotAllowed: (403, "You may not do this"),
    ProofNeeded: (403, "Give your password again"),
    TaskNotYours: (403, "This task is someone else\u2019s"),
    TaskNotClaimed: (409, "Claim this task first"),
    TaskAlreadyClaimed: (409, "This task has been claimed"),
    TaskAlreadyCompleted: (409, "This task has been completed"),
    TaskWithdrawn: (409, "This task is no longer needed"),
    ValuesRefused: (422, "Some answers are not right"),
    MessageNotAwaited: (409, "The case is not waiting for this"),
    MessageAmbiguous: (409, "More than one place waits for this"),
    DeploymentRefused: (422, "Not deployed"),
    Conflict: (409, "Someone else changed this"),
    DraftIsNewer: (409, "A newer draft was saved"),
    SentBefore: (409, "This was done already"),
    InstanceSuspended: (409, "This case is suspended"),
    NotCompatible: (409, "Not moved"),
    SettingsInvalid: (500, "The settings are not right"),
    DatabaseAway: (503, "Sorry, the service cannot save at the moment"),
    DatabaseBusy: (503, "Others are changing this at the same moment"),
}

_TRIES = 3
_HTTP = {
    400: ("This page could not be sent", "Go back, reload the page and try again."),
    404: ("Page not found", "If you typed the web address, check it is correct."),
    405: ("Page not found", "This address cannot be used in this way."),
    413: (
        "Too much was sent",
        "Nothing was changed. Go back: your browser still shows what you typed. Shorten it, or attach fewer or smaller "
        "files at a time.",
    ),
}


def page_for(error: RedressError) -> tuple[int, str]:
    """Return the status and the heading of an error: those of its nearest class that has some."""
    return next(PAGES[kind] for kind in type(error).__mro__ if kind in PAGES)


def register(app: Flask) -> None:
    """Map every error to a page."""
    app.register_error_handler(RedressError, _refused)
    app.before_request(_note_commits)
    app.register_error_handler(DatabaseAway, _away)
    app.register_error_handler(DatabaseBusy, _busy)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _failed)


def _refused(error: RedressError) -> tuple[str, int]:
    status, heading = page_for(error)
    log.info("Refused a request", extra={"error": type(error).__name__, "endpoint": request.endpoint})
    return error_page(heading, str(error), status)


def _away(error: DatabaseAway) -> ResponseReturnValue:
    log.error("The database could not be reached or written", extra={"endpoint": request.endpoint}, exc_info=error)
    _read_nothing()
    status, heading = page_for(error)
    return _with_what_was_typed(heading, str(error), status)


def _note_commits() -> None:
    g.commits, g.tries = world().db.commits, 1


def _busy(error: DatabaseBusy) -> ResponseReturnValue:
    """Do again what the database took back whole, so that another change could go on; files can be read only once."""
    if error.has_crossed and _is_whole() and not any(request.files.values()) and g.tries < _TRIES:
        g.tries += 1
        try:
            return current_app.dispatch_request()
        except Exception as again:  # noqa: BLE001 - what the second try meets is answered as the first would be
            return current_app.handle_user_exception(again)
    log.info("Refused a request", extra={"error": type(error).__name__, "endpoint": request.endpoint})
    status, heading = page_for(error)
    return _with_what_was_typed(heading, str(error), status)


def _csrf(_error: CSRFError) -> ResponseReturnValue:
    left = unsent.sent_now()
    if left is not None:
        return unsent.page(left, status=400)
    return error_page(
        "This page is out of date", "You were away for a while. Go back, reload the page and send it again.", 400
    )


def _http(error: HTTPException) -> tuple[str, int] | HTTPException:
    status = error.code or 500
    if status < 400:
        return error
    heading, text = _HTTP.get(status, ("This page could not be shown", "Try again later."))
    return error_page(heading, text, status)


def _failed(error: Exception) -> ResponseReturnValue:
    log.exception("A page failed", extra={"endpoint": request.endpoint}, exc_info=error)
    text = "Nothing of yours was changed by this page. Try again later, or tell operations what you did."
    return _with_what_was_typed("Sorry, there is a problem with the service", text, 500)


def _is_whole() -> bool:
    """Tell whether this request has committed nothing so far; one that was not let in yet has not."""
    commits = world().db.commits
    return bool(commits == g.get("commits", commits))


def _with_what_was_typed(heading: str, text: str, status: int) -> ResponseReturnValue:
    """Return a page of an error that passes: with what was typed, to be sent again, unless it was done already."""
    if not _is_whole():
        text = "What you sent was saved, but the page after it cannot be shown. Look there before you send it again."
        return error_page(heading, text, status)
    left = unsent.sent_now()
    return (
        unsent.page(left, status=status, failed=(heading, text))
        if left is not None
        else error_page(heading, text, status)
    )


def error_page(heading: str, text: str, status: int) -> tuple[str, int]:
    """Return a page that says what happened and what to do next, with the menu for whoever is signed in."""
    access.recognise()
    try:
        return render_template("error.html", heading=heading, text=text, status=status), status
    except DatabaseAway:
        _read_nothing()
        return render_template("error.html", heading=heading, text=text, status=status), status


def _read_nothing() -> None:
    """Let the page of an error ask the database neither for the menu nor for the clock."""
    g.person, g.uses_session = None, False
