"""What a process of tests makes once, however many applications and databases it opens: templates and SQL, compiled.

Outside the tests a process has one of each, which keeps these itself. Nothing of a test's data is kept here.
"""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask.templating import Environment
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Connection, Engine, event


class _Templates(BytecodeCache):
    """Compiled templates by their name and a digest of their text."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._known.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._known[bucket.key, bucket.checksum] = bucket.code


class _Statements(dict[Any, Any]):
    """Compiled statements. SQLAlchemy's keys begin with an engine's dialect object: its name stands for it here."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get((key[0].name, *key[1:]), default)

    def __setitem__(self, key: Any, compiled: Any) -> None:
        super().__setitem__((key[0].name, *key[1:]), compiled)


_TEMPLATES = _Templates()
_STATEMENTS = _Statements()


class _Environment(Environment):
    def __init__(self, app: Any, **options: Any) -> None:
        super().__init__(app, bytecode_cache=_TEMPLATES, **options)


def compile_once() -> None:
    """Let every application and every engine that is made from now on share what is compiled."""
    Flask.jinja_environment = _Environment
    event.listen(Engine, "engine_connect", _share_statements)


def _share_statements(connection: Connection) -> None:
    connection.execution_options(compiled_cache=_STATEMENTS)
