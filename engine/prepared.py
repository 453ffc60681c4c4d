"""Statements of the hot path: compiled once, and sent by the driver's own cursor.

SQLAlchemy writes each statement and knows its types; its way from a statement to a cursor and back costs more than what
the database does, and a step sends a dozen. Whoever listens to what is sent to the database hears these too.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import DBAPIError

Convert = Callable[[Any], Any]


class _Compiled(NamedTuple):
    """A statement for one kind of database: its text, how its places are filled and its columns are read."""

    text: str
    is_positional: bool
    places: list[tuple[str, Convert | None]]
    constants: dict[str, Any]
    columns: list[tuple[int, Convert]]

    def parameters(self, values: Mapping[str, Any]) -> Any:
        given = {**self.constants, **values} if self.constants else values
        filled = [given[name] if convert is None else convert(given[name]) for name, convert in self.places]
        return filled if self.is_positional else dict(zip((name for name, _ in self.places), filled, strict=True))


class Prepared:
    """A Core statement. Its parameters have names; those of an INSERT or UPDATE may be columns."""

    def __init__(self, statement: Any) -> None:
        self.statement = statement
        self._compiled: dict[tuple[str, ...], _Compiled] = {}
        self._row = _row_of([column.key for column in _columns(statement)])

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> list[Any]:
        """Return the rows that it reads. Raises: what SQLAlchemy raises."""
        compiled = self._for(connection, values)
        found = _send(connection, compiled.text, compiled.parameters(values)).fetchall()
        return [self._row._make(_read(row, compiled.columns)) for row in found]

    def row(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """Return the first row that it reads; None when there is none."""
        return next(iter(self.rows(connection, values)), None)

    def change(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """Change rows and return how many."""
        compiled = self._for(connection, values)
        return int(_send(connection, compiled.text, compiled.parameters(values)).rowcount)

    def change_each(self, connection: Connection, several: Sequence[Mapping[str, Any]]) -> None:
        """Change rows by each of several sets of values with the same names."""
        if len(several) == 1:
            self.change(connection, several[0])
        else:
            compiled = self._for(connection, several[0])
            _send(connection, compiled.text, [compiled.parameters(values) for values in several], is_many=True)

    def _for(self, connection: Connection, values: Mapping[str, Any]) -> _Compiled:
        key = (connection.dialect.name, *values)
        if key not in self._compiled:
            self._compiled[key] = _compile(self.statement, connection.dialect, list(values))
        return self._compiled[key]


def _row_of(names: list[str]) -> Any:
    """Return a class of rows: whoever reads two tables at once may meet a name twice."""
    return namedtuple("Row", names, rename=True)


def _send(connection: Connection, text: str, parameters: Any, *, is_many: bool = False) -> Any:
    if not connection.in_transaction():
        connection.begin()  # or SQLAlchemy would see nothing to commit
    cursor = connection.connection.cursor()
    for hear in connection.engine.dispatch.before_cursor_execute:
        hear(connection, cursor, text, parameters, None, is_many)
    driver: Any = connection.dialect.loaded_dbapi
    try:
        (cursor.executemany if is_many else cursor.execute)(text, parameters)
    except driver.Error as fault:
        told = DBAPIError.instance(text, None, fault, driver.Error, hide_parameters=True, dialect=connection.dialect)
        if connection.dialect.is_disconnect(fault, connection.connection, cursor):
            connection.invalidate(fault)
        raise told from fault
    return cursor


def _read(row: Sequence[Any], columns: list[tuple[int, Convert]]) -> Sequence[Any]:
    if not columns:
        return row
    cells = list(row)
    for place, convert in columns:
        cells[place] = convert(cells[place])
    return cells


def _compile(statement: Any, dialect: Dialect, names: list[str]) -> _Compiled:
    compiled = statement.compile(dialect=dialect, column_keys=names)
    if compiled.post_compile_params:
        raise TypeError("This statement is written anew for each of its values, so it cannot be prepared.")
    types = {name: bound.type.dialect_impl(dialect) for bound, name in compiled.bind_names.items()}
    order = compiled.positiontup if compiled.positional else types
    constants = {name: value for name, value in compiled.params.items() if name not in names}
    columns = enumerate(
        column.type.dialect_impl(dialect).result_processor(dialect, None) for column in _columns(statement)
    )
    return _Compiled(
        str(compiled),
        bool(compiled.positional),
        [(name, types[name].bind_processor(dialect)) for name in order],
        constants,
        [(place, convert) for place, convert in columns if convert is not None],
    )


def _columns(statement: Any) -> Sequence[Any]:
    return tuple(getattr(statement, "selected_columns", ()))
