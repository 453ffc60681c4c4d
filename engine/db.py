"""The database: how it is opened, read and written. The only file that commits.

SQLite runs in WAL mode with full synchronisation. A write begins with BEGIN IMMEDIATE behind a lock of this process,
so that writers queue fairly and never meet "database is locked"; a read is deferred and takes no lock.

PostgreSQL reads one moment (REPEATABLE READ, read only). Its writers run beside each other, so that each first holds
what it is about to change: `engine.holds`.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, TimeoutError
from sqlalchemy.pool import ConnectionPoolEntry

from engine.errors import DatabaseAway, DatabaseBusy
from engine.failpoints import failpoint
from engine.queue import Work

PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA busy_timeout=10000",
    "PRAGMA foreign_keys=ON",
    "PRAGMA journal_size_limit=67108864",
)
# Of SQLite: locked, read only, failed to read or write, full, cannot be opened. Its other errors are faults of ours.
_PASSING = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
}
# Of PostgreSQL: what it takes back because two changes crossed, and what waited too long for another change.
_CROSSED = {"40001": True, "40P01": True, "55P03": False}
_LOOKS = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
# A thread that writes may look at the same time, so that a process of eight threads opens sixteen at the very most.
_POOL = {"pool_size": 8, "max_overflow": 12, "pool_timeout": 20, "pool_pre_ping": True}
# A server that is gone without a word, as when a cable is pulled, is given up: seconds, milliseconds, seconds.
REACH = {"connect_timeout": 10, "tcp_user_timeout": 30_000, "keepalives_idle": 30}
_KNOWN = "known"
log = logging.getLogger(__name__)
P = ParamSpec("P")
R = TypeVar("R")
_PATIENCE = "-c lock_timeout=10000 -c idle_in_transaction_session_timeout=60000 -c timezone=UTC"


class _Look:
    """One moment that several reads of a thread share: begun by the first, ended when nobody reads any more."""

    def __init__(self) -> None:
        self._connection: Connection | None = None
        self._readers = 0
        self._is_over = False

    @contextmanager
    def reading(self, engine: Engine) -> Iterator[Connection]:
        """Yield the connection of this moment."""
        if self._connection is None:
            connection = engine.connect()
            _begin(connection, "DEFERRED")
            connection.info[_KNOWN] = {}
            self._connection = connection
        self._readers += 1
        try:
            yield self._connection
        except DBAPIError:
            self._is_over = True  # after a failed statement a server answers nothing more in this transaction
            raise
        finally:
            self._readers -= 1
            if self._is_over:
                self.end()

    def end(self) -> None:
        """End this moment, or let the last who reads now end it."""
        self._is_over = self._readers > 0
        if self._connection is None or self._is_over:
            return
        connection, self._connection = self._connection, None
        try:
            with suppress(DBAPIError):  # a server that is gone has ended it too, and nothing was changed
                connection.rollback()
            if not connection.invalidated:
                connection.info.pop(_KNOWN, None)
        finally:
            connection.close()


def once_a_look(read: Callable[Concatenate[Connection, P], R]) -> Callable[Concatenate[Connection, P], R]:
    """Let a function that reads keep what it found until the moment that it looks at ends; nobody may change that."""

    @wraps(read)
    def reading(connection: Connection, *args: P.args, **asked: P.kwargs) -> R:
        known: dict[object, R] | None = connection.info.get(_KNOWN)
        if known is None:
            return read(connection, *args, **asked)
        key = (read, args, tuple(sorted(asked.items())))
        if key not in known:
            known[key] = read(connection, *args, **asked)
        return known[key]

    return cast(Callable[Concatenate[Connection, P], R], reading)


class Database:
    """One database: `read()` for a consistent look, `write()` for one transaction."""

    def __init__(self, url: str) -> None:
        if url.startswith("sqlite:///"):
            Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        self.engine = _open(url)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._looking = self.engine if self.is_sqlite else self.engine.execution_options(**_LOOKS)
        self._turn: AbstractContextManager[Any] = threading.RLock() if self.is_sqlite else nullcontext()
        self._open = threading.local()
        self.hand_over: Callable[[Connection, list[Work]], None] | None = None
        """Told before each commit what the transaction leaves for workers; none where a scheduler looks for itself."""

    @property
    def writing(self) -> Connection | None:
        """The connection of the transaction that this thread writes in now, if it does."""
        return getattr(self._open, "connection", None)

    @property
    def commits(self) -> int:
        """How many transactions this thread has committed: who sees no more of them than before has changed nothing."""
        return getattr(self._open, "commits", 0)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a connection that sees one moment of the database and changes nothing. Raises: DatabaseAway."""
        look: _Look | None = getattr(self._open, "look", None)
        with _telling_when_away():
            if look is not None and self.writing is None:
                with look.reading(self._looking) as connection:
                    yield connection
                return
            with self._looking.connect() as connection:
                _begin(connection, "DEFERRED")
                try:
                    yield connection
                finally:
                    connection.rollback()

    @contextmanager
    def one_look(self) -> Iterator[None]:
        """Let all that this thread reads until the end be read at one moment, in one transaction.

        A write ends that moment: what is read after it sees what it changed.
        """
        look = self._open.look = _Look()
        try:
            yield
        finally:
            self._open.look = None
            look.end()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Yield the connection of one transaction: committed at the end, rolled back on any exception.

        Raises: DatabaseAway when the disk is full, the database is locked or gone; DatabaseBusy when changes cross.
        """
        look: _Look | None = getattr(self._open, "look", None)
        if look is not None:
            look.end()
        with _telling_when_away(), self._turn, self.engine.connect() as connection:
            _begin(connection, "IMMEDIATE")
            work: list[Work] = []
            connection.info.update(held=set(), work=work, now=None)
            self._open.connection = connection
            try:
                yield connection
                if work and self.hand_over is not None:
                    self.hand_over(connection, work)
            except BaseException:
                connection.rollback()
                raise
            finally:
                self._open.connection = None
            failpoint("commit_before")
            connection.commit()
            self._open.commits = self.commits + 1
            failpoint("commit_after")

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


@contextmanager
def _telling_when_away() -> Iterator[None]:
    """Tell what passes by itself, such as a full disk or a server that starts again, from a fault of ours."""
    try:
        yield
    except (OperationalError, InterfaceError, TimeoutError) as fault:
        cause = getattr(fault, "orig", None)
        code, state = getattr(cause, "sqlite_errorcode", None), getattr(cause, "sqlstate", None)
        if state in _CROSSED:
            said = "Two changes crossed" if _CROSSED[state] else "Another change took too long"
            log.warning(said, extra={"error": type(cause).__name__})
            raise DatabaseBusy(has_crossed=_CROSSED[state]) from fault
        if code is None or code & 0xFF in _PASSING:
            raise DatabaseAway from fault
        raise


def _open(url: str) -> Engine:
    # A failed statement's values are clients' data, and its error goes to the log.
    if not url.startswith("sqlite"):
        return create_engine(url, connect_args={"options": _PATIENCE, **REACH}, hide_parameters=True, **_POOL)
    engine = create_engine(url, connect_args={"check_same_thread": False}, hide_parameters=True)
    event.listen(engine, "connect", _set_up_sqlite)
    return engine


def _set_up_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    raw: Any = connection
    raw.isolation_level = None  # pysqlite must not begin transactions of its own
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin(connection: Connection, how: str) -> None:
    """Begin a transaction where the driver begins none: SQLAlchemy's own event for it slows every statement down."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"BEGIN {how}")
