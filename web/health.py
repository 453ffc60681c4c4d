"""`GET /health`: is it well. `/health/live`: does the process answer. `/health/ready`: may work be sent to it."""

from __future__ import annotations

from flask import Blueprint, current_app, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from engine.models import Definition
from engine.settings import VERSION
from web.current import world

pages = Blueprint("health", __name__)


@pages.get("/health/live")
def live() -> ResponseReturnValue:
    """Answer 200 as long as the process answers: restart it when it does not."""
    return jsonify(status="ok", version=VERSION)


@pages.get("/health")
@pages.get("/health/ready")
def health() -> ResponseReturnValue:
    """Answer 200 when everything works, 503 when something does not: send no work here then."""
    database = _database()
    scheduler = _scheduler()
    is_well = database == "ok" and scheduler != "stopped"
    answer = {
        "status": "ok" if is_well else "failing",
        "version": VERSION,
        "database": database,
        "scheduler": scheduler,
    }
    return jsonify(answer), 200 if is_well else 503


def _database() -> str:
    """Return ok when the database answers and has a procedure in force; the reason names no address of it."""
    try:
        with world().db.read() as connection:
            found = connection.execute(select(Definition.definition_id).where(Definition.is_in_force).limit(1)).first()
    except SQLAlchemyError as error:
        return f"failing: {type(error).__name__}"
    return "ok" if found is not None else "no procedure is in force"


def _scheduler() -> str:
    """Return running or stopped; a process that was started without one says so and is well."""
    scheduler = current_app.extensions.get("redress_scheduler")
    if scheduler is None:
        return "not in this process"
    return "running" if scheduler.running else "stopped"
