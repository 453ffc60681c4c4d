"""The demonstration's clock: moved to the next due date by a button, so that a wait of seven days can be seen to end.

The distance to the machine's clock is kept in the database, so that a restart does not turn time back.
"""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, flash, redirect, request, url_for
from sqlalchemy import delete, insert, select
from werkzeug.wrappers import Response

from engine import timers, worker
from engine.clock import MovableClock
from engine.database_clock import OFFSET
from engine.models import Setting
from engine.world import World
from web import words
from web.addresses import own_address
from web.current import world

pages = Blueprint("clock", __name__)


@pages.post("/clock")
def move() -> Response:
    """Move the clock to the next due date and do what is due then.

    The button carries the date that it showed: pressed twice, the clock is past it and stays.
    """
    back, now = redirect(_where_from()), world().clock.now()
    if request.form.get("due", now.isoformat()) < now.isoformat():
        flash(f"The clock was moved already. It says {words.moment(now)}.")
        return back
    with world().db.read() as connection:
        due = timers.next_due(connection)
    if due is None:
        flash("Nothing is waiting for a date, so the clock has not moved.", words.NOT_DONE)
        return back
    world().clock.move_to(due + timedelta(seconds=1))
    if world().db.is_sqlite:
        keep(world())
    worker.work_until_rest(world())
    flash(f"The clock now says {words.moment(world().clock.now())}. What was due has been done.")
    return back


def keep(here: World) -> None:
    """Remember how far the clock was moved."""
    seconds = str(int(here.clock.offset.total_seconds()))
    with here.db.write() as connection:
        connection.execute(delete(Setting).where(Setting.name == OFFSET))
        connection.execute(insert(Setting).values(name=OFFSET, value=seconds))


def restore(here: World) -> None:
    """Set the clock as far ahead as it was when the program ended; one of several processes keeps itself so."""
    if not here.db.is_sqlite:
        return
    with here.db.read() as connection:
        seconds = connection.execute(select(Setting.value).where(Setting.name == OFFSET)).scalar_one_or_none()
    if seconds:
        here.clock = MovableClock(offset=timedelta(seconds=int(seconds)))


def _where_from() -> str:
    """Return the address of the page with the button, as its hidden field says."""
    return own_address(request.form.get("back", "")) or url_for("session.home")
