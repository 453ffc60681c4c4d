"""Alerts: what one's team or oneself was told. They are seen, not completed."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from engine.notifications import mark_seen
from engine.queries.told import notifications_for
from web.current import person, world

pages = Blueprint("notifications", __name__)


@pages.get("/alerts")
def listed() -> str:
    """List alerts, unseen first."""
    with world().db.read() as connection:
        rows = notifications_for(connection, person_id=person().person_id, groups=person().groups)
    return render_template("notifications/listed.html", rows=rows)


@pages.post("/alerts/<int:notification_id>/seen")
def seen(notification_id: int) -> Response:
    """Mark an alert as seen."""
    mark_seen(world(), notification_id, actor=person())
    return redirect(url_for("notifications.listed"))
