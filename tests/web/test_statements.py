"""How many statements a page and a submit send: each is a way to the server and back when the database is elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import takewhile

import pytest
from sqlalchemy import event, insert, select

from engine import scenarios, tasks
from engine.models import Notification, UserTask
from tests.world import PROCESSES, somebody

MOST_OF_A_SUBMIT, MOST_OF_A_PAGE = 15, 12
STORY = PROCESSES / "review" / "scenarios" / "no_further_action_silence.toml"


@dataclass
class Sent:
    """What was sent to a database."""

    texts: list[str]
    commits: int = 0


@contextmanager
def counted(world) -> Iterator[Sent]:
    """Note what is sent meanwhile."""
    sent = Sent([])

    def statement(_c, _cursor, text, *_rest) -> None:
        if not text.startswith("BEGIN"):  # PostgreSQL is sent it with the first statement; commits are counted apart
            sent.texts.append(text)

    def commit(_connection) -> None:
        sent.commits += 1

    event.listen(world.db.engine, "before_cursor_execute", statement)
    event.listen(world.db.engine, "commit", commit)
    try:
        yield sent
    finally:
        event.remove(world.db.engine, "before_cursor_execute", statement)
        event.remove(world.db.engine, "commit", commit)


@pytest.fixture
def allocation(deployed, visitor):
    """A Review's step 5, held by its team's leader, who has its page open."""
    story = scenarios.read_story(STORY)
    told = scenarios.tell(deployed, replace(story, table={**story.table, "step": [{"complete": "call_client"}]}))
    assert told.failures == []
    with deployed.db.read() as connection:
        found = select(UserTask.task_id, UserTask.case_id).where(
            UserTask.element_id == "allocate_review", UserTask.status == "open"
        )
        task = connection.execute(found).one()
    tasks.claim(deployed, task.task_id, actor=somebody(deployed, "review_team_leader"))
    return visitor("review_team_leader").visit(f"/tasks/{task.task_id}"), task


def test_a_submit_takes_few_statements_and_one_commit(allocation, deployed):
    browser, task = allocation
    caseworker = str(somebody(deployed, "review_caseworker").person_id)
    form = next(form for form in browser.page.forms if "request.caseworker" in {field.name for field in form.inputs})
    form.fields["request.caseworker"] = caseworker
    answers = {**dict(form.form_values()), "do": "complete"}
    with counted(deployed) as sent:
        answer = browser.client.post(f"/tasks/{task.task_id}", data=answers)
    assert answer.status_code == 302
    assert len(sent.texts) <= MOST_OF_A_SUBMIT, sent.texts
    assert sent.commits == 1


@pytest.mark.parametrize("path", ["/tasks/", "/tasks/queue", "/cases/?q=CM", "/cases/{case}", "/tasks/{task}"])
def test_a_page_takes_few_statements(allocation, deployed, path):
    browser, task = allocation
    address = path.format(case=task.case_id, task=task.task_id)
    browser.visit(address)  # versions are read once and then kept
    with counted(deployed) as sent:
        answer = browser.client.get(address)
    assert answer.status_code == 200
    assert len(sent.texts) <= MOST_OF_A_PAGE, sent.texts


@pytest.fixture
def demonstration(deployed, monkeypatch):
    """The world as a demonstration, with a clock that can be moved."""
    monkeypatch.setattr(deployed, "settings", replace(deployed.settings, demo=True))


@pytest.fixture
def check_of_a_letter(demonstration, deployed, visitor):
    """A letter that waits to be checked; a file is attached to its task."""
    story = scenarios.read_story(STORY)
    before = list(takewhile(lambda step: step.get("complete") != "check_letter", story.table["step"]))
    assert scenarios.tell(deployed, replace(story, table={**story.table, "step": before})).failures == []
    with deployed.db.read() as connection:
        found = select(UserTask.task_id).where(UserTask.element_id == "check_letter", UserTask.status == "open")
        path = f"/tasks/{connection.execute(found).scalar_one()}"
    visitor("review_caseworker").visit(path).press("Upload", files={"attachment": (b"What the client sent.", "a.txt")})
    return path


@pytest.mark.parametrize("who", ["review_caseworker", "review_team_leader"])
@pytest.mark.parametrize("seen_as", ["", "?preview=yes&size=24&brand=nicms"])
def test_the_page_on_which_a_letter_is_checked_takes_few_statements(check_of_a_letter, visitor, deployed, who, seen_as):
    browser = visitor(who).visit(check_of_a_letter)
    assert "Demonstration: all people" in browser.body.decode()
    with counted(deployed) as sent:
        answer = browser.client.get(check_of_a_letter + seen_as)
    assert answer.status_code == 200
    assert len(sent.texts) <= MOST_OF_A_PAGE, sent.texts


def test_what_is_counted_is_counted_to_a_thousand_and_no_further(deployed, visitor):
    told = {"subject": "A reply", "text": "", "group_key": "owning_team", "sent_at": deployed.clock.now()}
    with deployed.db.write() as connection:
        connection.execute(insert(Notification), [told] * 1001)
    assert b"Alerts (999+)" in visitor("owning_team").visit("/tasks/").body
