"""The email of the morning as it arrives: over a real connection to a mail server, with what a mail program shows."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_string, policy
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select, update

from engine import people
from engine.clock import LONDON
from engine.models import Case, Person, UserTask
from engine.worker import work_until_rest
from tests.faults.provider import provider
from tests.web.test_hand_over import review
from tests.world import somebody

SENT_TO = {"review_caseworker": "cara@example.com", "review_team_leader": "lena@example.com"}
WEDNESDAY, CHRISTMAS_DAY = datetime(2026, 12, 23, 9, tzinfo=LONDON), datetime(2026, 12, 25, 9, tzinfo=LONDON)


@pytest.fixture
def outside(tmp_path):
    """A mail server on this machine."""
    with provider(tmp_path) as opened:
        yield opened


@pytest.fixture
def world(deployed, outside):
    """A review with a caseworker; both they and their leader have an address, and emails go to the server."""
    deployed.settings = replace(
        deployed.settings, mail_server=outside.mail_server, mail_from="us@office", address="https://redress.example/"
    )
    review(deployed)
    work_until_rest(deployed)
    with deployed.db.write() as connection:
        for username, email in SENT_TO.items():
            connection.execute(update(Person).where(Person.username == username).values(email=email))
    return deployed


def give(world, username, *, due_at):
    """Let somebody hold every open task, due at a moment."""
    holder = somebody(world, username).person_id
    with world.db.write() as connection:
        is_open = UserTask.status == "open"
        connection.execute(update(UserTask).where(is_open).values(assignee_id=holder, due_at=due_at))


def mornings(world, moment):
    """Let the worker work at a moment."""
    world.clock.move_to(moment.astimezone(UTC))
    work_until_rest(world)


def digests(outside):
    taken = [message_from_string(entry["content"], policy=policy.default) for entry in outside.entries("us")]
    return [message for message in taken if message["Subject"] == "Your work today"]


def test_it_arrives_with_its_headers_in_plain_words_with_links_and_no_client_in_it(world, outside, visitor):
    give(world, "review_caseworker", due_at=WEDNESDAY + timedelta(hours=7))
    mornings(world, WEDNESDAY)
    found = {message["To"]: message for message in digests(outside)}
    message = found["cara@example.com"]
    assert message["From"] == "us@office"
    assert message["Subject"] == "Your work today"
    assert message["Auto-Submitted"] == "auto-generated"
    assert parsedate_to_datetime(message["Date"]) == WEDNESDAY
    assert re.fullmatch(r"<[0-9a-f]{32}@redress\.invalid>", message["Message-ID"])
    assert (message.get_content_type(), message.get_content_charset()) == ("text/plain", "utf-8")
    text = message.get_content().replace("\r\n", "\n")
    assert text.startswith("Good morning Scenario review caseworker\n\nDue today: ")
    assert text.endswith("Sign in to Redress to work on these. You can stop this email under Alerts.\n")
    with world.db.read() as connection:
        for client in connection.execute(select(Case.client_name)).scalars():
            assert not set(client.split()) & set(re.findall(r"\w+", str(message)))
    browser = visitor("review_caseworker")
    links = re.findall(r"https://\S+", text)
    assert links
    for link in links:
        assert (urlsplit(link).scheme, urlsplit(link).netloc) == ("https", "redress.example")
        assert browser.visit(urlsplit(link).path).status == 200
    assert {f"/tasks/{n}" for n in open_tasks(world)} <= {urlsplit(link).path for link in links}


def open_tasks(world):
    with world.db.read() as connection:
        return connection.execute(select(UserTask.task_id).where(UserTask.status == "open")).scalars().all()


def test_each_reads_of_their_own_work_once_and_who_has_opted_out_or_has_no_address_gets_none(world, outside):
    give(world, "review_caseworker", due_at=WEDNESDAY - timedelta(days=1))
    for hour in (0, 1, 2):
        mornings(world, WEDNESDAY + timedelta(hours=hour))
    by_name = {message["To"]: message.get_content() for message in digests(outside)}
    assert "Overdue: " in by_name["cara@example.com"]
    assert "Overdue: " not in by_name.get("lena@example.com", "")
    assert set(by_name) <= set(SENT_TO.values())
    assert len(by_name) == len(digests(outside))
    people.choose_digest(world, somebody(world, "review_caseworker").person_id, is_sent=False)
    before = len(digests(outside))
    mornings(world, WEDNESDAY + timedelta(days=1))
    assert [message["To"] for message in digests(outside)[before:]] in ([], ["lena@example.com"])


def test_none_is_sent_before_seven_on_a_bank_holiday_or_at_a_weekend(world, outside):
    give(world, "review_caseworker", due_at=WEDNESDAY - timedelta(days=30))
    for moment in (WEDNESDAY.replace(hour=6), CHRISTMAS_DAY, CHRISTMAS_DAY + timedelta(days=1)):
        mornings(world, moment)
        assert digests(outside) == []
    mornings(world, CHRISTMAS_DAY + timedelta(days=4))  # Tuesday: Monday is the substitute for Boxing Day
    assert "cara@example.com" in [message["To"] for message in digests(outside)]
