"""The Flask application: pages, forms, access and commands. `flask --app web` finds `create_app` here."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def create_app() -> Flask:
    """Make the application with the settings of the environment; nothing is imported before it is wanted."""
    from web.app import create_app as create

    return create()
