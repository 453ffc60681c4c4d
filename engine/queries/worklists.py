"""Worklists a page at a time, at a cost that does not grow with the number of open tasks and service requests.

A list is made of ranges of an index, such as the free tasks of one group that have a due date. Of each range no more
rows are read than a page has, from where the page begins; what is first among them is the page. A filter that no index
answers looks at the first `WINDOW` rows of each range, says so, and goes on from there with the next page. What one
person holds is little, and is filtered and sorted whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Select, String, func, literal, literal_column, or_, select, union_all
from sqlalchemy import tuple_ as row

from engine.clock import LONDON
from engine.models import ListedRequest, UserTask

PAGE = 25
WINDOW = 1_000
MOST_COUNTED = 1_000
"""A page says 999+ for it: to count a million takes longer than to open the page."""

Holding = Literal["mine", "free", "held", "any", "owned", "team"]
Order = Literal["due", "newest", "oldest", "client", "case"]
Condition = ColumnElement[bool]
Conditions = tuple[Condition, ...]

_BEGINNING = datetime(1, 1, 2, tzinfo=UTC)
_IS_OPEN: Condition = UserTask.status == literal_column("'open'", String)  # said so, or no partial index would serve
_OF_A_PERSON = ("mine", "owned")


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose tasks a list holds: a person's own, or the free, the held or all tasks of groups.

    Or whose open service requests: those that a person has (``owned``, of these groups if any are named), or all that
    groups have (``team``); without those that are worked on with another, such as payments.
    """

    holding: Holding
    person_id: int
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to; empty means all. `due_from` is included, `due_before` is not."""

    procedure: str = ""
    stage: str = ""
    nation: str = ""
    source: str = ""
    waits_for: str = ""
    due_from: datetime | None = None
    due_before: datetime | None = None
    is_undated: bool = False


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a list: what the list is sorted by, and the row's id. Without a due date `value` is None."""

    value: datetime | str | None
    row_id: int


@dataclass(frozen=True, slots=True)
class Found:
    """One page of a list: ids in order, and the positions that the pages before and after it are asked by.

    `is_partial` tells that the page ends where looking ended, not because it is full.
    """

    ids: list[int]
    before: Position | None
    after: Position | None
    is_partial: bool


def find(
    connection: Connection,
    scope: Scope,
    filters: Filters,
    order: Order = "due",
    *,
    after: Position | None = None,
    before: Position | None = None,
    most: int = PAGE,
) -> Found:
    """Return the page of a list that begins after a position, or that ends before one."""
    way = _Way(_kind_of(scope), order, before or after, is_back=before is not None)
    indexed, others = _conditions(scope, filters, order)
    ranges = list(_ranges(scope, order))
    end = None
    if scope.holding not in _OF_A_PERSON and (others or any(rest for _, rest in ranges)):
        reach = [
            way.rows(*whose, *segment, *indexed).offset(WINDOW - 1).limit(1)
            for whose, _ in ranges
            for segment in way.segments(filters)
        ]
        end = way.first(_all(connection, reach))
    parts = [
        way.rows(*whose, *rest, *segment, *indexed, *others).limit(most + 1)
        for whose, rest in ranges
        for segment in way.segments(filters, end)
    ]
    hits = way.in_order(_all(connection, parts))
    page, has_more = hits[:most], len(hits) > most
    onward = page[-1] if has_more else end
    backward = None if way.start is None else page[0] if page else way.start
    ids = [hit.row_id for hit in page]
    is_partial = end is not None and not has_more
    if way.is_back:
        return Found(ids[::-1], onward, backward, is_partial)
    return Found(ids, backward, onward, is_partial)


def count(connection: Connection, scopes: Mapping[str, tuple[Scope, Filters]]) -> dict[str, int]:
    """Return how many rows each scope holds within the due dates of its filters, which alone count here.

    `MOST_COUNTED` stands for that many and more.
    """
    parts = []
    for name, (scope, filters) in scopes.items():
        way = _Way(_kind_of(scope), "due", None, is_back=False)
        for whose, rest in _ranges(scope, "due"):
            bounds = way.segments(filters) if filters.due_before or filters.due_from else [()]
            for segment in bounds:
                # In the order of the list, or the database might count along another index, which holds far more.
                some = way.rows(*whose, *rest, *segment).limit(MOST_COUNTED)
                parts.append(select(literal(name).label("name"), func.count().label("n")).select_from(some.subquery()))
    found = dict.fromkeys(scopes, 0)
    for name, number in _all(connection, parts):
        found[name] = min(found[name] + number, MOST_COUNTED)
    return found


def count_waits(connection: Connection, scope: Scope) -> dict[str, int]:
    """Return how many open service requests of a scope wait for each: the words of `ListedRequest.waits_for`.

    Nothing when there are `MOST_COUNTED` and more.
    """
    way = _Way(_REQUESTS, "due", None, is_back=False)
    parts = [
        way.rows(*whose, *rest).with_only_columns(ListedRequest.waits_for).limit(MOST_COUNTED)
        for whose, rest in _ranges(scope, "due")
    ]
    found = [words for (words,) in _all(connection, parts)]
    return dict(Counter(word for words in found for word in words.split())) if len(found) < MOST_COUNTED else {}


def days_of(due: str, now: datetime) -> tuple[datetime | None, datetime | None]:
    """Return from when and before when something is due: overdue, today, week or by_today, in London's days."""
    today = now.astimezone(LONDON).date()
    start, tomorrow, monday = (
        datetime.combine(today + timedelta(days=days), time(), LONDON) for days in (0, 1, 7 - today.weekday())
    )
    known = {"overdue": (None, now), "today": (start, tomorrow), "week": (start, monday), "by_today": (None, tomorrow)}
    return known.get(due, (None, None))


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a list is made of: its table, whose columns are named alike, its key, and what holds of each row."""

    of: Any
    key: Any
    always: Conditions


_TASKS = _Kind(UserTask, UserTask.task_id, (_IS_OPEN,))
_REQUESTS = _Kind(ListedRequest, ListedRequest.request_id, (ListedRequest.waits_for != "served",))


def _kind_of(scope: Scope) -> _Kind:
    return _REQUESTS if scope.holding in ("owned", "team") else _TASKS


def _all(connection: Connection, parts: Sequence[Select[*tuple[Any, ...]]]) -> Sequence[Any]:
    """Return the rows of several selects, each with its own limit, by one statement."""
    if not parts:
        return []
    return connection.execute(union_all(*(select(part.subquery()) for part in parts))).all()


def _ranges(scope: Scope, order: Order) -> Iterator[tuple[Conditions, Conditions]]:
    """Yield whose rows the ranges of a list are: conditions that its index answers, and others.

    The others are said as expressions, so that no other index offers itself for them: its rows would have to be sorted.
    """
    if scope.holding == "team":
        yield from (((ListedRequest.owner_group == group,), ()) for group in scope.groups)
        return
    if scope.holding == "owned":
        of_groups = (ListedRequest.owner_group.in_(scope.groups),) if scope.groups else ()
        yield (ListedRequest.owner_id == scope.person_id,), of_groups
        return
    own = (UserTask.assignee_id == scope.person_id,)
    if scope.holding == "mine":
        yield own, ()
        return
    is_free, is_held = UserTask.assignee_id.is_(None), UserTask.assignee_id.is_not(None)
    ranges: Mapping[str, list[Conditions]] = {
        "free": [(is_free,)],
        "held": [(is_held,)],
        "any": [(is_free,), (is_held,)],
    }
    holder = func.coalesce(UserTask.assignee_id, 0)
    asked: Mapping[str, Conditions] = {"free": (holder == 0,), "held": (holder != 0,), "any": ()}
    for group in scope.groups:
        of_group = UserTask.candidate_group == group
        if order == "due":
            yield from (((of_group, *held), ()) for held in ranges[scope.holding])
        else:
            yield (of_group,), asked[scope.holding]
    if scope.holding == "any":
        elsewhere = or_(UserTask.candidate_group.is_(None), UserTask.candidate_group.not_in(scope.groups))
        yield own, (elsewhere,)


def _conditions(scope: Scope, filters: Filters, order: Order) -> tuple[list[Condition], list[Condition]]:
    """Return what filters ask: what the list's index answers within any range, and the rest."""
    kind = _kind_of(scope)
    of = kind.of
    named = {of.procedure_key: filters.procedure, of.stage: filters.stage, of.nation: filters.nation}
    others: list[Condition] = [column == value for column, value in named.items() if value]
    indexed: list[Condition] = []
    if filters.waits_for:
        # A task waits for one; a request may wait for several, each a word.
        waits = of.waits_for.contains(filters.waits_for) if kind is _REQUESTS else of.waits_for == filters.waits_for
        others.append(waits)
    if filters.source:
        has_index = scope.holding == "free" and order == "due"
        (indexed if has_index else others).append(of.source == filters.source)
    if order != "due":
        due_at = func.coalesce(of.due_at, of.due_at, type_=of.due_at.type)
        others += [] if filters.due_from is None else [due_at >= filters.due_from]
        others += [] if filters.due_before is None else [due_at < filters.due_before]
        others += [due_at.is_(None)] if filters.is_undated else []
    return indexed, others


class _Way:
    """In which order a list is read, from where, and in which direction."""

    def __init__(self, kind: _Kind, order: Order, start: Position | None, *, is_back: bool) -> None:
        self.start = start
        self.is_back = is_back
        self._by_due = order == "due"
        self._always = kind.always
        self._key_column, self._due_at = kind.key, kind.of.due_at
        sorted_by = {"due": self._due_at, "client": kind.of.client_sort, "case": kind.of.reference}
        self._column: Any = sorted_by.get(order)
        self._falls = is_back != (order == "newest")
        keys = [kind.key] if self._column is None else [self._column, kind.key]
        self._keys = [key.desc() for key in keys] if self._falls else keys

    def rows(self, *conditions: Condition) -> Select[*tuple[Any, ...]]:
        """Return the select of a range in this order."""
        value = literal(None, String) if self._column is None else self._column
        found = select(value.label("value"), self._key_column.label("row_id")).where(*self._always, *conditions)
        return found.order_by(*self._keys)

    def in_order(self, rows: Sequence[Any]) -> list[Position]:
        """Return positions as they follow each other."""
        return sorted((Position(*found) for found in rows), key=self._key, reverse=self._falls)

    def first(self, rows: Sequence[Any]) -> Position | None:
        """Return what comes first."""
        return next(iter(self.in_order(rows)), None)

    def segments(self, filters: Filters, end: Position | None = None) -> list[Conditions]:
        """Return the ranges from the start to the end, which is included: one, or those with and without a due date.

        Each has one lower bound at most, or the database would begin to read at the wrong one.
        """
        low, high = (end, self.start) if self._falls else (self.start, end)
        if not self._by_due:
            return [tuple(self._bounds(low, high))]
        found: list[Conditions] = []
        if not filters.is_undated and not (low is not None and low.value is None):
            found.append(tuple(self._dated(low, high, filters)))
        is_narrowed = filters.due_from is not None or filters.due_before is not None
        if not is_narrowed and not (high is not None and high.value is not None):
            undated = low if low is not None and low.value is None else None
            found.append((self._due_at.is_(None), *self._bounds(undated, high, by_id=True)))
        return found

    def _dated(self, low: Position | None, high: Position | None, filters: Filters) -> Iterator[Condition]:
        since, until = filters.due_from or _BEGINNING, filters.due_before
        bound = low if low is not None and _moment(low) >= since else None
        yield from self._bounds(bound, None) if bound is not None else [self._due_at >= since]
        bound = high if high is not None and high.value is not None else None
        if bound is not None and (until is None or _moment(bound) < until):
            yield from self._bounds(None, bound)
        elif until is not None:
            yield self._due_at < until

    def _bounds(self, low: Position | None, high: Position | None, *, by_id: bool = False) -> Iterator[Condition]:
        for bound, is_low in ((low, True), (high, False)):
            if bound is None:
                continue
            key: Any = self._key_column
            edge: Any = bound.row_id
            if self._column is not None and not by_id:
                key = row(self._column, self._key_column)
                edge = row(literal(bound.value, self._column.type), literal(bound.row_id))
            if bound is self.start:
                yield key > edge if is_low else key < edge
            else:
                yield key >= edge if is_low else key <= edge

    def _key(self, position: Position) -> tuple[Any, ...]:
        if self._column is None:
            return (position.row_id,)
        if position.value is None:
            return True, _BEGINNING, position.row_id
        return False, position.value, position.row_id


def _moment(position: Position) -> datetime:
    return position.value if isinstance(position.value, datetime) else _BEGINNING
