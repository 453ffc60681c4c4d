"""Commands of `flask --app web`: check, trace, deploy, scenarios. Each is thin; the engine does the work."""

from __future__ import annotations

from flask import Flask


def register(app: Flask) -> None:
    """Add the commands."""
