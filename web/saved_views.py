"""Saved views: saving the list on the screen under a name, renaming and deleting one's own."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import saved_views
from engine.errors import Conflict
from web import worklist_address
from web.current import person, world
from web.words import NOT_DONE
from web.worklists import TITLES, offered_in, titles_seen

pages = Blueprint("saved_views", __name__, url_prefix="/views")
_LONGEST = 80


@pages.get("/")
def listed() -> str:
    """List a person's own saved views."""
    return _page({})


@pages.post("/")
def save() -> ResponseReturnValue:
    """Save a list with its filters and its order."""
    name, problem = _name()
    kind = request.form.get("list", "")
    kind = kind if kind in titles_seen() else "mine"
    with world().db.read() as connection:
        offered = offered_in(connection, kind)
    asked = worklist_address.read(request.form, offered).query()
    back = url_for(f"worklists.{kind}", **asked)
    if problem:
        flash(problem, NOT_DONE)
        return redirect(back)
    try:
        address = saved_views.save_view(world(), name, f"{kind}?{urlencode(asked)}", owner=person())
    except Conflict as refused:
        flash(str(refused), NOT_DONE)
        return redirect(back)
    flash(f"The view “{name}” is saved.")
    return redirect(url_for("worklists.view", address=address))


@pages.post("/<int:view_id>/name")
def rename(view_id: int) -> ResponseReturnValue:
    """Give a view another name."""
    name, problem = _name()
    if not problem:
        try:
            saved_views.rename_view(world(), view_id, name, owner=person())
        except Conflict as refused:
            problem = str(refused)
    if problem:
        return _page({f"name-{view_id}": problem}), 422
    flash(f"The view is now called “{name}”.")
    return redirect(url_for("saved_views.listed"))


@pages.post("/<int:view_id>/delete")
def delete(view_id: int) -> ResponseReturnValue:
    """Delete a view; tasks are not touched."""
    saved_views.delete_view(world(), view_id, owner=person())
    flash("The view is deleted. No task was changed.")
    return redirect(url_for("saved_views.listed"))


def _name() -> tuple[str, str]:
    """Return the name that was typed, and what is wrong with it."""
    name = " ".join(request.form.get("name", "").replace("\0", "").split())
    if not name:
        return name, "Enter a name for the view"
    return name, f"The name must be {_LONGEST} characters or fewer" if len(name) > _LONGEST else ""


def _page(problems: dict[str, str]) -> str:
    with world().db.read() as connection:
        views = saved_views.views_of(connection, person().person_id)
    return render_template("tasks/views.html", views=views, problems=problems, titles=TITLES)
