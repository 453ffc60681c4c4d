"""Letters that somebody else makes readable, and letters to a representative: what they promise, to whom they speak."""

from __future__ import annotations

from datetime import date

import pytest

from letters.facts import check_facts
from letters.render import TextSize
from tests.letters.made import LETTERS, TO_CLIENTS, example, made
from tests.letters.pdf import words_of
from tests.letters.test_layout import ADDRESS, is_within

REPRESENTATIVE = ["Sam Adviser", "Example Advice Centre", "2 Other Street", "Exampletown", "EX1 2EX"]
WITH_REPLY = [letter.id for letter in LETTERS.values() if "reply_days" in [fact.name for fact in letter.facts]]


@pytest.mark.parametrize("made_by", ["translator", "supplier"])
@pytest.mark.parametrize("letter_id", WITH_REPLY)
def test_a_letter_that_is_sent_later_than_it_is_dated_counts_the_reply_from_the_day_it_is_sent(
    letter_id: str, made_by: str
) -> None:
    words = " ".join(made(letter_id, facts={"made_by": made_by, "reply_by": date(2026, 12, 1)}).text.split())
    assert "within 7 days of the day on which we sent you this letter" in words
    assert "1 December" not in words
    assert "from the date of this letter" not in words


@pytest.mark.parametrize("letter_id", ["CMSL5829", "RES-ACK"])
def test_an_acknowledgement_that_is_sent_later_keeps_its_date_and_leaves_out_the_number_of_days(letter_id: str) -> None:
    words = " ".join(made(letter_id, facts={"made_by": "supplier"}).text.split())
    assert "in touch with you by 30 November 2026 at the latest" in words
    assert "5 days" not in words


def test_a_plan_that_is_sent_later_is_due_on_a_date_and_not_in_a_number_of_days() -> None:
    words = " ".join(made("CMSL5801", facts={"made_by": "translator"}).text.split())
    assert "complete this by 14 December 2026" in words
    assert "21 days" not in words


def test_what_we_print_ourselves_names_the_date_to_reply_by() -> None:
    words = " ".join(made("CMSL5800").text.split())
    assert "Please contact us by 30 November 2026" in words


def test_a_translator_is_given_the_english_text() -> None:
    case = example("CMSL5800")
    facts = {**case.facts, "case.language": "cy", "made_by": "translator"}
    assert check_facts(LETTERS["CMSL5800"], facts, case.slots, case.paragraphs, dated=case.dated) == []


def test_an_internal_form_about_a_welsh_client_is_in_english() -> None:
    case = example("CMSF5551")
    facts = {**case.facts, "case.language": "cy"}
    assert check_facts(LETTERS["CMSF5551"], facts, case.slots, case.paragraphs, dated=case.dated) == []


@pytest.mark.parametrize("text_size", [12, 18])
@pytest.mark.parametrize("letter_id", TO_CLIENTS)
def test_a_copy_goes_to_the_representative_and_still_speaks_to_the_client(letter_id: str, text_size: TextSize) -> None:
    facts = {"envelope": REPRESENTATIVE, "copy_for": "Sam Adviser, Example Advice Centre"}
    copy = made(letter_id, facts=facts, text_size=text_size)
    window = [word.text for word in words_of(copy.pdf) if word.page == 1 and is_within(word, ADDRESS)]
    assert window == " ".join(REPRESENTATIVE).split()
    assert "Copy for Sam Adviser, Example Advice Centre, who acts for Rowan Example." in copy.text
    assert "Dear Rowan Example" in copy.text


def test_a_letter_to_the_representative_alone_says_for_whom_it_is() -> None:
    letter = made("CMSL5800", facts={"envelope": REPRESENTATIVE, "care_of": "Sam Adviser, Example Advice Centre"})
    assert "Sent to Sam Adviser, Example Advice Centre, who acts for Rowan Example." in letter.text
    assert "1 Example Street" not in letter.text
    assert "Copy" not in letter.text


@pytest.mark.parametrize("text_size", [12, 16, 18, 24])
def test_seven_lines_of_35_characters_and_a_word_without_end_stay_in_the_window(text_size: TextSize) -> None:
    envelope = [f"{n} ".ljust(35, "W") for n in range(6)] + [
        "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch"
    ]
    letter = made("CMSL5800", facts={"envelope": envelope}, text_size=text_size)
    window = [word.text for word in words_of(letter.pdf) if word.page == 1 and is_within(word, ADDRESS)]
    assert window == " ".join(envelope).split()
