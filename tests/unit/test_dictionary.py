"""The declared names: read with every fault at once, and values checked against their fields."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from engine.dictionary import read_dictionary, read_groups, read_sheet, validate
from tests.unit.lint_check import DICTIONARY

DECLARED = read_dictionary(DICTIONARY.encode())


def test_fields_are_found_by_their_form_keys() -> None:
    found = DECLARED.field_for("plan_actions[].due_on")
    assert found is not None
    assert (found.type, found.label) == ("date", "Due on")
    assert DECLARED.field_for("gone") is None
    assert list(DECLARED.items_of("plan_actions")) == ["due_on"]


def test_standing_facts_need_no_declaration() -> None:
    assert read_dictionary(None).has_path(("case", "nation"))
    assert not read_dictionary(None).has_path(("case", "naton"))


@pytest.mark.parametrize(
    ("path", "is_known"),
    [
        ("amount", True),
        ("request", True),
        ("request.plan_version", True),
        ("request.plan_versoin", False),
        ("plan_actions.due_on", True),
        ("plan_actions.due_no", False),
        ("decided_on.year", True),
        ("amount.pence", False),
        ("nobody", False),
    ],
)
def test_dotted_names_are_known_as_far_as_they_are_declared(path: str, is_known: bool) -> None:
    assert DECLARED.has_path(tuple(path.split("."))) is is_known


def test_a_declaration_of_a_standing_fact_gives_it_a_picklist() -> None:
    field = DECLARED.field_for("request.status")
    assert field is not None
    assert field.picklist is not None
    assert field.picklist.values == ("Open", "Closed")
    assert field.is_fact


@pytest.mark.parametrize(
    ("kind", "value", "problem"),
    [
        ("text", "x", None),
        ("text", 3, "Answer must be text"),
        ("text", "x" * 501, "Answer must be 500 characters or fewer"),
        ("boolean", True, None),
        ("boolean", "yes", "Answer yes or no for answer"),
        ("date", date(2026, 11, 22), None),
        ("date", datetime(2026, 11, 22, tzinfo=UTC), "Answer must be a real date, such as 22 11 2026"),
        ("datetime", datetime(2026, 11, 22), "Answer must be a real date and time, such as 22 11 2026 at 2:30pm"),
        ("number", Decimal("1.5"), None),
        ("number", True, "Answer must be a number"),
        ("number", Decimal("NaN"), "Answer must be a number"),
        ("money", 2500, None),
        ("money", Decimal("2500"), None),
        ("money", Decimal("25.5"), "Answer must be in pounds and whole pence"),
        ("money", -1, "Answer must be £0.00 or more"),
        ("list", [1], None),
        ("list", "x", "Answer must be a list"),
        ("context", {"a": 1}, None),
        ("context", [], "Answer must be a set of named values"),
        ("number", None, None),
    ],
)
def test_a_value_fits_its_type_or_a_sentence_says_why(kind: str, value: object, problem: str | None) -> None:
    field = read_dictionary(f'[fields.answer]\ntype = "{kind}"'.encode()).field_for("answer")
    assert field is not None
    assert validate(value, field) == problem


def test_a_choice_comes_from_its_picklist() -> None:
    field = DECLARED.field_for("outcome")
    assert field is not None
    assert validate("upheld", field) is None
    assert validate("maybe", field) == "Outcome cannot be “maybe”: choose one from the list"


def test_numbers_and_money_keep_within_their_range() -> None:
    text = b'[fields.a]\ntype = "money"\nminimum = 100\nmaximum = 500000\nlabel = "Amount"'
    field = read_dictionary(text).field_for("a")
    assert field is not None
    assert validate(99, field) == "Amount must be £1.00 or more"
    assert validate(500001, field) == "Amount must be £5,000.00 or less"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ('[fields.x]\ntype = "colour"', "is not known"),
        ('[fields.x]\ntype = "choice"\npicklist = "gone"', "There is no picklist “gone”"),
        ('[fields.x]\ntype = "text"\ncolour = "red"', "“colour” means nothing"),
        ('[fields.x]\ntype = "text"\nnot_future = true', "“not_future” is for dates"),
        ('[fields.x]\ntype = "date"\nnot_future = "yes"', "“not_future” is for dates"),
        ('[fields.x]\ntype = "text"\nnot_before = "y"', "“not_before” is for dates"),
        ('[fields.x]\ntype = "date"\nnot_before = "gone"', "“gone” is not a date that is declared"),
        ('[fields.x]\ntype = "text"\nat_most = "y"', "“at_most” is for numbers"),
        ('[fields.x]\ntype = "money"\nat_most = "gone"', "“gone” is not a number that is declared"),
        ('[fields.x]\ntype = "date"\none_of = "y[].z"', "“one_of” is for text"),
        ('[fields.x]\ntype = "text"\none_of = "gone[].z"', "“gone[].z” is not a text in a list that is declared"),
        ('[fields."Bad Name"]\ntype = "text"', "cannot be a field's name"),
        ('[fields."a[].b"]\ntype = "text"', "“a” is not a list field"),
        ("[picklists.p]\nvalues = []", "has no values"),
        ('[picklists.p]\nvalues = [{ value = "a" }, { value = "a" }]', "“a” twice"),
        ("[[[", "not valid TOML"),
        ("[stray]\nx = 1", "means nothing in dictionary.toml"),
        ("fields = 1", "must be a table"),
    ],
)
def test_a_fault_in_the_dictionary_is_a_sentence(text: str, part: str) -> None:
    faults = read_dictionary(text.encode()).faults
    assert any(part in fault.message for fault in faults), faults


def test_one_fault_does_not_hide_the_rest() -> None:
    read = read_dictionary(b'[fields.x]\ntype = "colour"\n[fields.y]\ntype = "text"')
    assert read.field_for("y") is not None
    assert len(read.faults) == 1


def test_groups_are_read_with_their_titles() -> None:
    groups, faults = read_groups(b'[groups.operations]\ntitle = "Operations"')
    assert groups["operations"].title == "Operations"
    assert faults == ()


def test_a_sheet_says_what_it_lacks() -> None:
    assert [fault.entry for fault in read_sheet(b'key = "x"').faults] == ["title", "process"]
