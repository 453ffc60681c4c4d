"""The bank-holiday table: seeded once, kept by operations, read into a `Calendar`.

It stays outside the bundles: a one-off holiday is proclaimed after a release, and every case must count with it.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from sqlalchemy import func, insert, select

from engine.calendar import Calendar, seed_holidays
from engine.holds import hold_name
from engine.models import BankHoliday
from engine.world import World

FIRST_YEAR = 2012
YEARS_AHEAD = 8


def seed(world: World) -> None:
    """Fill an empty table from the `holidays` package; a table that has rows is left alone."""
    with world.db.write() as connection:
        hold_name(connection, "the bank holidays")
        if connection.execute(select(func.count()).select_from(BankHoliday)).scalar_one():
            return
        last_year = world.clock.now().year + YEARS_AHEAD
        rows = [
            {"nation": nation, "day": day, "title": title, "source": source}
            for nation, day, title, source in seed_holidays(FIRST_YEAR, last_year)
        ]
        connection.execute(insert(BankHoliday), rows)


def calendar(world: World) -> Calendar:
    """Return the calendar that the table describes; read once, until `forget` is called."""
    if world.calendar_cache is None:
        days: dict[str, dict[date, str]] = defaultdict(dict)
        with world.db.read() as connection:
            for row in connection.execute(select(BankHoliday.nation, BankHoliday.day, BankHoliday.title)):
                days[row.nation][row.day] = row.title
        world.calendar_cache = Calendar(days)
    return world.calendar_cache


def forget(world: World) -> None:
    """Read the table again at the next use, after operations changed it."""
    world.calendar_cache = None
