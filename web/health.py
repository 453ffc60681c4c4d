"""`GET /health`: is it up, which version, do the database and the scheduler work."""

from __future__ import annotations

from flask import Blueprint, current_app, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from engine.models import Definition
from engine.settings import VERSION
from web.current import world

pages = Blueprint("health", __name__)


@pages.get("/health")
def health() -> ResponseReturnValue:
    """Answer 200 when everything works, 503 when something does not."""
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
    try:
        with world().db.read() as connection:
            connection.execute(select(Definition.definition_id).limit(1))
    except SQLAlchemyError as error:
        return f"failing: {type(error).__name__}"
    return "ok"


def _scheduler() -> str:
    """Return running or stopped; a process that was started without one says so and is well."""
    scheduler = current_app.extensions.get("redress_scheduler")
    if scheduler is None:
        return "not in this process"
    return "running" if scheduler.running else "stopped"
