"""Facts: what people care about on a case and its service request, read and written as `case.*` and `request.*`.

Well-known facts are columns, so that lists can sort and search by them; the rest lies in the row's `facts`.
Before a procedure has made its service request, `request.*` is kept with the instance.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, bindparam, exists, update

from engine import client_terms
from engine.models import Case, Person, ProcessInstance, ServiceRequest
from engine.prepared import Prepared
from engine.spiff.host import RunFailed
from engine.values import copied, dumps, loads

_CASE_COLUMNS = {"reference": "reference", "client_name": "client_name", "nation": "nation", "lock_flag": "lock_flag"}
_REQUEST_COLUMNS = {
    "number": "number",
    "kind": "kind",
    "process": "process",
    "area": "area",
    "sub_area": "sub_area",
    "status": "status",
    "sub_status": "sub_status",
    "resolution_code": "resolution_code",
    "caseworker": "owner_id",
    "owner_group": "owner_group",
    "opened_at": "opened_at",
    "closed_at": "closed_at",
}
READ_ONLY = frozenset({"case.reference", "request.number", "request.kind", "request.opened_at"})


_TEXT = frozenset({"client_name", "nation", "kind", "status", "sub_status", "resolution_code", "owner_group"})
_DESCRIPTION = frozenset({"process", "area", "sub_area"})
_INSTANTS = frozenset({"opened_at", "closed_at"})
_TABLES = Case.metadata.tables
_CASE, _REQUEST = _TABLES[Case.__tablename__], _TABLES[ServiceRequest.__tablename__]
_INSTANCE, _PERSON = _TABLES[ProcessInstance.__tablename__], _TABLES[Person.__tablename__]
_SAVE_CASE = Prepared(update(_CASE).where(_CASE.c.case_id == bindparam("b_id")))
_SAVE_REQUEST = Prepared(update(_REQUEST).where(_REQUEST.c.request_id == bindparam("b_id")))
_SAVE_PENDING = Prepared(update(_INSTANCE).where(_INSTANCE.c.instance_id == bindparam("b_id")))
_SAVE_REQUEST_OF_ONE_OF_US = Prepared(
    _SAVE_REQUEST.statement.where(exists().where(_PERSON.c.person_id == bindparam("b_person")))
)
_ONE_OF_US = "a person of ours"
_NEVER_NULL = frozenset({"client_name", "nation", "kind", "status", "opened_at"})


class FactRefused(RunFailed):
    """A diagram set a fact to what cannot be stored there."""

    def __init__(self, fact: str, value: object, expected: str) -> None:
        super().__init__(f"{fact} was set to {value!r}, which is not {expected}.")


@dataclass(frozen=True, slots=True)
class FactsMark:
    """The facts at one moment of a step."""

    fields: dict[str, dict[str, Any]]
    as_stored: dict[str, Any]
    request_id: int | None


class Facts:
    """The facts of one instance during one step. `values` is lent to expressions and changed in place."""

    def __init__(self, *, case: dict[str, Any], request: dict[str, Any], request_id: int | None) -> None:
        self.values: dict[str, Any] = {"case": case, "request": request}
        self.request_id = request_id
        self._as_stored = copied(self.values)  # never changed in place, only replaced group by group

    def mark(self) -> FactsMark:
        """Remember the facts as they are now, to come back to with `rewind`."""
        fields = {name: copied(self.values[name]) for name in ("case", "request")}
        return FactsMark(fields, dict(self._as_stored), self.request_id)

    def rewind(self, mark: FactsMark) -> None:
        """Put the facts back; the dictionaries stay the same objects, because expressions hold them."""
        for name, fields in mark.fields.items():
            self.values[name].clear()
            self.values[name].update(fields)
        self._as_stored = dict(mark.as_stored)
        self.request_id = mark.request_id

    def bind(self, request_id: int, fields: dict[str, Any]) -> None:
        """Take a service request that was just made as the instance's own, stored with these fields."""
        self.request_id = request_id
        self.values["request"].clear()
        self.values["request"].update(fields)
        self._as_stored["request"] = copied(fields)

    def save(self, connection: Connection, *, case_id: int | None, instance_id: int) -> None:
        """Write what changed since the facts were read.

        Raises: FactRefused when a fact holds what its place cannot, because the diagram set it so.
        """
        if case_id is not None and self.values["case"] != self._as_stored["case"]:
            _check("case", self.values["case"])
            changed = _columns(self.values["case"], _CASE_COLUMNS)
            _SAVE_CASE.change(connection, {"b_id": case_id, **changed})
            was = self._as_stored["case"]
            if any(self.values["case"].get(fact) != was.get(fact) for fact in client_terms.FACTS):
                client_terms.keep(connection, case_id, self.values["case"])
        request = self.values["request"]
        if request == self._as_stored["request"]:
            return
        if self.request_id is None:
            _SAVE_PENDING.change(connection, {"b_id": instance_id, "pending_facts": _text(request)})
            return
        _check("request", request)
        caseworker = request.get("caseworker")
        if caseworker is None or caseworker == self._as_stored["request"].get("caseworker"):
            changed = _columns(request, _REQUEST_COLUMNS)
            _SAVE_REQUEST.change(connection, {"b_id": self.request_id, **changed})
            return
        if not isinstance(caseworker, int | Decimal) or caseworker != int(caseworker):
            raise FactRefused("request.caseworker", caseworker, _ONE_OF_US)
        changed = _columns(request, _REQUEST_COLUMNS)
        saved = _SAVE_REQUEST_OF_ONE_OF_US.change(
            connection, {"b_id": self.request_id, "b_person": int(caseworker), **changed}
        )
        if saved != 1:
            raise FactRefused("request.caseworker", caseworker, _ONE_OF_US)


def case_fields(row: Row[Any], *, prefix: str = "") -> dict[str, Any]:
    """Return `case.*` from a row of the case table, or one whose columns have a prefix."""
    return _fields(row, _CASE_COLUMNS, prefix)


def request_fields(row: Row[Any], *, prefix: str = "") -> dict[str, Any]:
    """Return `request.*` from a row of the service request table, or one whose columns have a prefix."""
    return _fields(row, _REQUEST_COLUMNS, prefix)


def request_columns(fields: dict[str, Any]) -> dict[str, Any]:
    """Return `request.*` as the columns of the service request table."""
    return _columns(fields, _REQUEST_COLUMNS)


def case_columns(fields: dict[str, Any]) -> dict[str, Any]:
    """Return `case.*` as the columns of the case table."""
    return _columns(fields, _CASE_COLUMNS)


def _fields(row: Row[Any], columns: dict[str, str], prefix: str) -> dict[str, Any]:
    stored: dict[str, Any] = loads(getattr(row, f"{prefix}facts"))
    return {**stored, **{fact: getattr(row, prefix + column) for fact, column in columns.items()}}


def _check(owner: str, fields: dict[str, Any]) -> None:
    """Refuse what a column cannot hold, before the database does so without a word that a person understands."""
    for fact, value in fields.items():
        if value is None:
            if fact in _NEVER_NULL:
                raise FactRefused(f"{owner}.{fact}", value, "a value: it can never be empty")
        elif fact in _TEXT | _DESCRIPTION and not isinstance(value, str):
            raise FactRefused(f"{owner}.{fact}", value, "text")
        elif fact in _INSTANTS and not (isinstance(value, datetime) and value.tzinfo):
            raise FactRefused(f"{owner}.{fact}", value, "a date and time with its zone")
        elif fact == "lock_flag" and not isinstance(value, bool):
            raise FactRefused(f"{owner}.{fact}", value, "true or false")


def _text(fields: dict[str, Any]) -> str:
    try:
        return dumps(fields)
    except ValueError as fault:
        raise RunFailed(f"A fact holds what cannot be stored: {fault}.") from fault


def _columns(fields: dict[str, Any], columns: dict[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {column: fields.get(fact) for fact, column in columns.items()}
    if values.get("owner_id") is not None:
        values["owner_id"] = int(values["owner_id"])
    for column in _DESCRIPTION & values.keys():
        values[column] = values[column] or ""
    values["facts"] = _text({fact: value for fact, value in fields.items() if fact not in columns})
    return values
