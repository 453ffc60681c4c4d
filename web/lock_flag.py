"""The Lock Assignment Flag on the case page: the owning team records that it has released it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, url_for
from werkzeug.wrappers import Response

from engine import lock_flag
from web.current import person, visitor, world

pages = Blueprint("lock_flag", __name__, url_prefix="/cases/<int:case_id>/lock-flag")


@pages.app_context_processor
def around() -> dict[str, object]:
    """Tell the case page whether this person releases the flag."""
    somebody = visitor()
    return {"may_release_lock_flag": somebody is not None and lock_flag.may_release(world().groups, somebody)}


@pages.post("/release")
def release(case_id: int) -> Response:
    """Record that the flag was released on the master case."""
    lock_flag.release(world(), case_id, actor=person())
    flash("The Lock Assignment Flag is recorded as released.")
    return redirect(url_for("cases.page", case_id=case_id))
