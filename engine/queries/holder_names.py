"""What whoever holds something is called: by name, and with what keeps them from doing it."""

from __future__ import annotations

from sqlalchemy import ColumnElement, case, literal

from engine.models import Person

HOLDER_NAME: ColumnElement[str] = case(
    (Person.is_active, Person.name), else_=Person.name + literal(" (account locked)")
)
"""The name of a `Person` who is joined as a holder. What a locked person holds waits until somebody hands it over."""
