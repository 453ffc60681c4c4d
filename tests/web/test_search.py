"""Search by its page: what finds a case, who sees it, and what is marked in a note."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html
from sqlalchemy import insert

from engine import cases, client_terms
from engine.models import Case, ClientTerm
from engine.queries import search
from engine.queries.search import Sight
from tests.plans import explain
from tests.web.test_worklists import sent_by
from tests.world import somebody
from web.note_marks import excerpt


@pytest.fixture
def noted(visitor, case_id, deployed):
    """A caseworker of the owning team, whose case has a note."""
    with deployed.db.write() as connection:
        text = "Robin’s payments stopped in May. <b>Siân</b> promised a refund, then nobody called."
        cases.add_note(connection, deployed, case_id=case_id, request_id=None, text=text, author_id=None)
    return visitor("owning_team")


def finds(person, text: str) -> bool:
    page = person.client.get("/cases/", query_string={"q": text})
    assert page.status_code == 200
    return "CM-2000001" in page.text


FINDS = """Robin Example|exam|robin ex|CM-2000001|cm-2000001|CM2000001|cm 2000001|2000001|SR-000900|sr 900
EX1 1EX|01632 960001|0044 1632 960001|960001|refund|REFUNDS promised|payment|sian""".replace("\n", "|").split("|")
FINDS_NOT = """Robin Unicorn|CM-3|refund unicorn|xam|%|"|' OR|refund:*|NEAR(refund|-|\\|😀""".split("|")  # noqa: SIM905


def test_a_case_is_found_by_its_numbers_the_beginnings_of_names_and_whole_words_of_notes(noted):
    assert [text for text in FINDS if not finds(noted, text)] == []


def test_what_is_no_word_is_looked_for_and_breaks_nothing(noted):
    found = [text for text in FINDS_NOT if finds(noted, text)]
    assert found == ["refund:*"]  # as the word that it is


def test_nobody_finds_what_they_may_not_see(noted, visitor):
    stranger = visitor("review_caseworker")
    for text in ("Robin Example", "SR-000900", "refund", ""):
        assert not finds(stranger, text)
    for reader in ("operations", "auditor", "owning_team_leader"):
        assert finds(visitor(reader), "refund")


def test_words_in_a_note_are_marked_and_everything_else_is_text(noted):
    noted.visit("/cases/?q=refunds+sian")
    assert "<mark>Siân</mark>" in noted.body.decode()
    assert "<mark>refund</mark>" in noted.body.decode()
    assert "&lt;b&gt;" in noted.body.decode()


def test_what_fits_very_many_says_how_many_were_looked_at(noted, deployed, monkeypatch):
    monkeypatch.setattr(search, "LOOKED_AT", 5)
    with deployed.db.write() as connection:
        for number in range(8):
            cases.open_case(
                connection, deployed, reference=f"CM-9{number}", client_name="Robin Many", nation="scotland", facts={}
            )
    assert "Only 5 of them were looked at" in noted.visit("/cases/?q=robin").text
    assert "looked at" not in noted.visit("/cases/?q=robin+example").text
    assert finds(noted, "robin example")


@given(st.text(max_size=400), st.lists(st.text(alphabet="abcé<&", min_size=1, max_size=5), max_size=3))
def test_an_excerpt_is_always_a_part_of_the_text(text, words):
    said = html.fromstring(f"<p>{excerpt(text, words)}</p>") if text.isprintable() else None
    if said is None:
        return
    shown = said.text_content().removeprefix("… ").removesuffix(" …")
    assert shown in text
    assert all(mark.text for mark in said.iter("mark"))
    assert {element.tag for element in said.iter()} <= {"p", "mark"}


def test_search_reads_indexes_and_no_whole_table(deployed, case_id):
    with deployed.db.write() as connection:
        now = deployed.clock.now()
        known = {"nation": "scotland", "facts": "{}", "lock_flag": False, "created_at": now}
        many = range(10_000, 12_000)
        rows = [{"case_id": n, "reference": f"CM-{n}", "client_name": f"Robin {n}", **known} for n in many]
        connection.execute(insert(Case), rows)
        terms = [{"kind": client_terms.NAME, "term": word, "case_id": n} for n in many for word in ("robin", str(n))]
        connection.execute(insert(ClientTerm), terms)
        if not deployed.db.is_sqlite:
            connection.exec_driver_sql("ANALYZE")
    sight = Sight(somebody(deployed, "owning_team").person_id, ["owning_team", "review_caseworker"])
    ways = {
        "name": lambda c: search.find_cases(c, "robin", sight),
        "two words": lambda c: search.find_cases(c, "robin 10500", sight),
        "number": lambda c: search.find_cases(c, "CM-10500", sight),
        "newest": lambda c: search.newest_cases(c, sight),
        "note": lambda c: search.find_notes(c, "refund", sight),
    }
    for name, way in ways.items():
        for statement, parameters in sent_by(deployed, way):
            plan = explain(deployed, statement, parameters)
            for table in ("case_file", "client_term", "service_request", "user_task", "contact", "note"):
                assert f"SCAN {table}\n" not in f"{plan}\n", (name, plan)
                assert f"Seq Scan on {table} " not in plan, (name, plan)
            assert "(kind=?)" not in plan, (name, plan)  # all the words of all names
