"""Alerts: what one's team or oneself was told. They are seen, not completed."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from engine import people
from engine.notifications import mark_own_seen, mark_seen
from engine.queries.told import notifications_for
from web.addresses import row_number
from web.current import person, world

pages = Blueprint("notifications", __name__)

TAGS = {
    "assigned": ("For you", "govuk-tag--blue"),
    "overdue": ("Overdue", "govuk-tag--red"),
    "approved": ("Approved", "govuk-tag--green"),
    "rejected": ("Rejected", "govuk-tag--orange"),
    "replied": ("Reply", "govuk-tag--purple"),
}


@pages.get("/alerts")
def listed() -> str:
    """List alerts, unseen first, and what the email of the morning is set to."""
    with world().db.read() as connection:
        rows = notifications_for(connection, world().groups, person_id=person().person_id, groups=person().groups)
        digest = people.digest_of(connection, person().person_id)
    own = [row.notification_id for row in rows if row.seen_at is None and row.group_key is None]
    return render_template("notifications/listed.html", rows=rows, tags=TAGS, own=own, digest=digest)


@pages.post("/alerts/<int:notification_id>/seen")
def seen(notification_id: int) -> Response:
    """Mark an alert as seen."""
    mark_seen(world(), notification_id, actor=person())
    return redirect(url_for("notifications.listed"))


@pages.post("/alerts/seen")
def all_seen() -> Response:
    """Mark as seen what was told to this person alone, as far as the page showed it."""
    count = mark_own_seen(world(), up_to=row_number(request.form.get("up_to", "")) or 0, actor=person())
    flash(f"{count} alert{'' if count == 1 else 's'} marked as seen. What your team was told is still there.")
    return redirect(url_for("notifications.listed"))


@pages.post("/alerts/email")
def choose_email() -> Response:
    """Send this person the email of the morning, or no longer."""
    wanted = request.form.get("digest") == "yes"
    people.choose_digest(world(), person().person_id, is_sent=wanted)
    flash("You will get an email each working morning." if wanted else "You will get no more emails in the morning.")
    return redirect(url_for("notifications.listed"))
