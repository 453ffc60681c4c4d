"""Several lists in one statement: each comes whole, in its own order, with its own types."""

from datetime import UTC, date, datetime

from sqlalchemy import bindparam, insert, select

from engine.models import BankHoliday, Counter, Notification
from engine.queries.together import Listed, Together

COUNTERS = Listed(select(Counter.series, Counter.value), (Counter.value.desc(),))
HOLIDAYS = Listed(
    select(BankHoliday.title, BankHoliday.day, BankHoliday.nation).where(BankHoliday.nation == bindparam("b_nation")),
    (BankHoliday.day,),
    most=2,
)
TOLD = Listed(
    select(
        Notification.subject, Notification.sent_at, Notification.seen_at, Notification.seen_at.is_(None).label("new")
    ),
    (Notification.notification_id,),
)
AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def test_lists_of_different_shapes_come_as_each_would_alone(world):
    holidays = [
        {"nation": nation, "day": date(2026, 12, day), "title": f"Day {day}", "source": "test"}
        for nation in ("scotland", "northern_ireland")
        for day in (28, 25, 26)
    ]
    told = {"subject": "A reply", "text": "", "group_key": "team", "sent_at": AT}
    with world.db.write() as connection:
        connection.execute(insert(BankHoliday), holidays)
        connection.execute(insert(Counter), [{"series": "one", "value": 1}, {"series": "two", "value": 2}])
        connection.execute(insert(Notification).values(**told))
    together = Together(counters=COUNTERS, holidays=HOLIDAYS, told=TOLD)
    with world.db.read() as connection:
        found = together.read(connection, b_nation="scotland")
        alone = connection.execute(HOLIDAYS.alone, {"b_nation": "scotland"}).all()
    assert [vars(row) for row in found["counters"]] == [{"series": "two", "value": 2}, {"series": "one", "value": 1}]
    assert [vars(row) for row in found["holidays"]] == [dict(row._mapping) for row in alone]
    assert [row.day for row in found["holidays"]] == [date(2026, 12, 25), date(2026, 12, 26)]
    assert [vars(row) for row in found["told"]] == [{"subject": "A reply", "sent_at": AT, "seen_at": None, "new": True}]


def test_a_list_without_rows_is_there_and_empty(world):
    with world.db.read() as connection:
        found = Together(counters=COUNTERS, holidays=HOLIDAYS).read(connection, b_nation="scotland")
    assert found == {"counters": [], "holidays": []}
