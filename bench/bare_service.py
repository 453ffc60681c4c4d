"""The floor of a start: one page that reads one row, with the same server and libraries and nothing of ours."""

from __future__ import annotations

import os

import waitress
from flask import Flask
from sqlalchemy import create_engine, text

app = Flask("bare")
database = create_engine(os.environ["BENCH_DATABASE"])


@app.get("/health")
def health() -> str:
    """Answer with what the database says."""
    with database.connect() as connection:
        return str(connection.execute(text("SELECT 1")).scalar_one())


if __name__ == "__main__":
    waitress.serve(app, host="127.0.0.1", port=int(os.environ["PORT"]), threads=8, ident=None)
