"""What keeps a letter from being made: every missing, wrong or untrue fact, in sentences, all at once."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from letters.facts import check_facts, fact_value, needed_facts, told
from letters.letter import LetterError
from tests.letters.made import LETTERS, example, made


def faults(letter_id: str, *, facts: dict[str, Any] | None = None, slots: dict[str, Any] | None = None) -> list[str]:
    case = example(letter_id)
    return check_facts(
        LETTERS[letter_id],
        {**case.facts, **(facts or {})},
        {**case.slots, **(slots or {})},
        case.paragraphs,
        dated=case.dated,
    )


@pytest.mark.parametrize("letter_id", LETTERS)
def test_the_example_values_of_every_letter_are_complete(letter_id: str) -> None:
    assert faults(letter_id) == []


@pytest.mark.parametrize(
    ("letter_id", "name"),
    [(letter.id, fact.name) for letter in LETTERS.values() for fact in needed_facts(letter) if fact.required],
)
def test_a_missing_fact_stops_the_letter_and_is_named(letter_id: str, name: str) -> None:
    with pytest.raises(LetterError) as refused:
        made(letter_id, facts={name: None})
    assert any(name in fault for fault in refused.value.faults)


@pytest.mark.parametrize(
    ("letter_id", "key"),
    [(letter.id, slot.key) for letter in LETTERS.values() for slot in letter.slots if slot.required],
)
def test_an_empty_box_stops_the_letter_and_is_named(letter_id: str, key: str) -> None:
    label = next(slot.label for slot in LETTERS[letter_id].slots if slot.key == key)
    assert f"Fill in “{label}”." in faults(letter_id, slots={key: "  "})


@pytest.mark.parametrize("letter_id", ["CMSL5801", "CMSL5807"])
@pytest.mark.parametrize("chosen", [[], "both", ["LM_99999"]])
def test_exactly_one_paragraph_of_a_group_goes_in(letter_id: str, chosen: Any) -> None:
    group = LETTERS[letter_id].paragraph_groups[0]
    with pytest.raises(LetterError, match="Choose exactly one paragraph"):
        made(letter_id, paragraphs=[option.id for option in group.options] if chosen == "both" else chosen)


def test_the_defaults_are_the_ones_that_the_procedure_names() -> None:
    assert LETTERS["CMSL5801"].paragraph_groups[0].default == "LM_00008"
    assert LETTERS["CMSL5807"].paragraph_groups[0].default == "TM_09172"


def test_everything_that_is_wrong_is_said_at_once() -> None:
    found = faults("CMSL5800", facts={"case.client_name": "", "reply_by": "soon"}, slots={"update": "x" * 4001})
    assert len(found) == 3


@pytest.mark.parametrize(
    ("letter_id", "facts", "slots", "sentence"),
    [
        ("CMSL5800", {"reply_by": date(2026, 11, 28)}, {}, "gives fewer than 7 days"),
        ("CMSL5800", {"reply_days": Decimal("7.5")}, {}, "must be a whole number of 0 or more, not 7.5"),
        ("CMSL5806", {"agreed_by": "telepathy"}, {}, "must be one of phone, post, email"),
        ("CMSL5800", {"case.nation": "france"}, {}, "is not used in the nation “france”"),
        ("CMSF5551", {"case.nation": "northern_ireland"}, {}, "CMSF5551 is not used in the nation"),
        ("CMSL5800", {"case.language": "cy"}, {}, "must be translated first"),
        ("CMSL5800", {"case.language": "cy", "made_by": "supplier"}, {}, "must be translated first"),
        ("CMSL5800", {"case.language": "cy", "case.nation": "scotland", "made_by": "translator"}, {}, "is not offered"),
        ("CMSL5829", {"case.language": "cy", "case.nation": "northern_ireland"}, {}, "is not offered"),
        ("CMSL5800", {"case.client_address": []}, {}, "Record it with the client's details."),
        ("CMSL5800", {"envelope": [f"Line {n}" for n in range(8)]}, {}, "have 8 lines; 7 fit"),
        ("CMSL5800", {"envelope": ["Sam Adviser", "x" * 61]}, {}, "longer than 60 characters"),
        ("CMSL5800", {"case.client_address": [f"Line {n}" for n in range(8)]}, {}, "The address has 8 lines"),
        ("CMSL5800", {"case.client_address": ["x" * 61]}, {}, "longer than 60 characters"),
        ("CMSL5800", {}, {"update": "Call ☎ us"}, "U+260E"),
        ("CMSL5800", {"case.client_name": "Rowan 漢"}, {}, "cannot print: “漢”"),
        ("CMSL5800", {}, {"somewhere_else": "words"}, "has no place for “somewhere_else”"),
        ("CMSL5801", {}, {"due_on": date(2026, 11, 1), "days": 0}, "is before the date of the letter"),
        ("CMSL5801", {}, {"days": 14}, "do not lead to the due date"),
        ("CMSL5801", {}, {"due_on": date(2026, 12, 1), "days": 8}, "after the due date 2026-12-01"),
        ("CMSL5801", {"plan_actions": [{"action": "Write"}]}, {}, "row 1, has no due_on"),
        ("CMSL5801", {}, {"days": 7.5}, "must be a number"),
        ("CMSL5801", {}, {"days": -1}, "must be 0 or more"),
        ("CMSF5551", {}, {"amount": True}, "must be a number"),
        ("CMSL5804", {}, {"due_on": "2026-12-14"}, "must be a date"),
    ],
)
def test_what_would_make_a_letter_wrong_is_refused(
    letter_id: str, facts: dict[str, Any], slots: dict[str, Any], sentence: str
) -> None:
    assert any(sentence in fault for fault in faults(letter_id, facts=facts, slots=slots))


def test_facts_are_read_nested_or_dotted() -> None:
    assert fact_value({"case": {"reference": "C1"}}, "case.reference") == "C1"
    assert fact_value({"case.reference": "C1"}, "case.reference") == "C1"
    assert fact_value({"case": {}}, "case.reference") is None


def test_a_letter_is_told_nothing_that_it_does_not_list() -> None:
    facts = {**example("CMSL5801").facts, "other_parent_address": "9 Secret Street", "case": {"phone": "123"}}
    facts["plan_actions"] = [{"action": "Write", "due_on": date(2026, 12, 1), "amount": 99_99, "note": "Secret"}]
    assert "other_parent_address" not in told(LETTERS["CMSL5801"], facts)
    rendered = made("CMSL5801", facts=facts)
    assert "Secret" not in rendered.text
    assert "99.99" not in rendered.text


def test_a_boxs_field_is_what_the_form_renderer_takes() -> None:
    due_on = next(slot.form_field for slot in LETTERS["CMSL5804"].slots if slot.key == "due_on")
    assert due_on["type"] == "datetime"
    assert due_on["subtype"] == "date"
    assert due_on["dateLabel"] == "Date the revised action is due for completion"
    update = LETTERS["CMSL5800"].slot_fields()[0]
    assert update["validate"] == {"required": True, "maxLength": 4000}
    assert "A blank line starts a new paragraph" in str(update["description"])
    assert "heading" not in update


def test_what_is_said_of_writing_to_a_client_does_not_stand_on_an_internal_form() -> None:
    described = [str(field.get("description", "")) for field in LETTERS["CMSF5551"].slot_fields()]
    assert not any("makes a list" in text for text in described)
