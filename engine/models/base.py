"""What every table shares: names of constraints, and instants that are always aware."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import LargeBinary, MetaData, String
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import DateTime, TypeDecorator

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


@compiles(String, "postgresql")
def _any_length(_type: String, _compiler: Any, **_: Any) -> str:
    """Let PostgreSQL keep texts of any length, as SQLite does: a case must not stop at a long name in a diagram."""
    return "VARCHAR"


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant; a naive one is refused, so that no local time slips in."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Store UTC. Raises: ValueError for a naive instant."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant without a time zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back what was stored, aware."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Every table."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: Instant, bytes: LargeBinary}  # noqa: RUF012 - SQLAlchemy reads it from the class
