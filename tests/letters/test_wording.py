"""What each letter says, and what it must never say: a letter that is untrue ends all trust in the rest."""

from __future__ import annotations

import re
from datetime import date

import pytest

from letters.letter import LetterError
from tests.letters.made import FILES, LETTERS, TO_CLIENTS, made

TM_09172 = (
    "We realise that our response may not be the one you were hoping for. However, we are confident that your "
    "complaint was handled in line with the regulations and policies set out under child support law, based on all "
    "the information that we're aware of about your circumstances"
)
TM_09173 = (
    "We realise that our response may not be the one you were hoping for. However, please be assured that we have "
    "followed a thorough complaint resolution process and investigated your concerns fully"
)
EXAMINER = "you can ask the Independent Case Examiner to look at your complaint"

# What the procedure's list of letters says of each, in the words that the client reads.
EXPECTED: dict[str, list[str]] = {
    "CMSL5829": [
        "Keeping you informed about your complaint",
        "Your complaint has been received by our Complaints Review team. The team is now looking at it, "
        "and has not spoken to you about it yet.",
        "We will be in touch with you in 5 days, by 30 November 2026 at the latest.",
    ],
    "CMSL5800": [
        "Keeping you informed about your complaint",
        "We have decided that there is no further action that we can take.",
        "\nAn update\n\nWe are sorry for what happened.",
        "Please contact us by 30 November 2026",
        "That is at least 7 days from the date of this letter.",
        "If we have not heard from you by then, we will close our review of your complaint.",
        "This letter is our final response to your complaint.",
        EXAMINER,
    ],
    "CMSL5801": [
        "Keeping you informed about your complaint",
        "These are the actions to be taken:",
        "- Correct the date from which the assessment counts\nTo be done by 7 December 2026",
        "- Pay what was approved\nPayment: £50.00\nTo be done by 14 December 2026",
        "We plan to complete this in 21 days, by 14 December 2026.",
        "Please tell us by 30 November 2026 whether you agree with this plan.",
        "If we have not heard from you by then, we will normally go ahead with it.",
    ],
    "CMSL5803": [
        "Keeping you informed about your complaint",
        "You told us that you do not agree with the action we plan to take to resolve your complaint.",
        "A senior member of the Complaints Review team has now reviewed the plan. "
        "It will not be changed, and we will carry it out.",
        "\nAn update\n\nWe are sorry for what happened.",
    ],
    "CMSL5804": [
        "Keeping you informed about your complaint",
        "has agreed that the plan should be changed.",
        "\nThe revised action we will take to resolve your complaint\n\nWe are sorry for what happened.",
        "We plan to complete this revised action by 14 December 2026.",
        "Lee Demo\nTeam leader\nComplaints Review team",
    ],
    "CMSL5805": [
        "We’ve resolved your complaint",
        "We have completed the actions in our plan to resolve your complaint. "
        "We have not spoken to you on the phone about this, so we are telling you in this letter.",
        "\nWhat this means for you\n\nWe are sorry for what happened.",
        "Please tell us by 30 November 2026 whether you agree.",
        "If we have not heard from you by then, we will close your complaint.",
        "If we close your complaint without hearing from you, this letter is our final response to it.",
        EXAMINER,
    ],
    "CMSL5806": [
        "We’ve resolved your complaint",
        "Thank you for telling us on the phone that you agree that your complaint can now be closed.",
        "\nWhat this means for you\n\nWe are sorry for what happened.",
        "We will now close your complaint.",
    ],
    "CMSL5807": [
        "Keeping you informed about your complaint",
        "You told us that you do not agree that your complaint should be closed.",
        f"\nAn update\n\n{TM_09172}.\n\nWe are sorry for what happened.",
        "This letter is our final response to your complaint. The enclosed leaflet tells you more",
        EXAMINER,
        "Enclosed with this letter: Complaints information leaflet (CMSB0011)",
    ],
    "CMSB0011": [
        "Complaints information leaflet",
        "for up to 14 months after your case has been closed",
        EXAMINER,
    ],
    "CMSF5551": [
        "Internal: do not send this form to the client.",
        "Amount requested: £0.21",
        "Case reference: CASE-2026",
        "Asked for by: Lee Demo, team leader\n",  # of which team, it cannot say: it goes out from Resolution too
    ],
    "CMSF5551_NI": ["Approval of a special payment (NI)", "Northern Ireland"],
    "RES-ACK": ["received by our Complaints Resolution team", "in 5 days, by 30 November 2026 at the latest"],
    "RES-NFA": ["there is no further action that we can take", "An update", "Casey Demo\nCaseworker"],
    "RES-PLAN": ["Why this happened", "What we will do to put things right", "To be done by", "by 30 November 2026"],
    "RES-STANDS": ["It will not be changed, and we will carry it out.", "An update"],
    "RES-REVISED": ["has agreed that the plan should be changed", "Lee Demo\nTeam leader\nComplaints Resolution team"],
    "RES-UPDATE": ["We have not finished dealing with your complaint yet", "When you can expect an answer"],
    "RES-DONE-NOCONTACT": ["We have not spoken to you on the phone about this", "whether you agree"],
    "RES-CLOSED-OK": ["on the phone that you agree", "What this means for you"],
    "RES-CLOSED-NOTOK": ["you do not agree that your complaint should be closed", "We will now close your complaint."],
}


@pytest.mark.parametrize("letter_id", LETTERS)
def test_a_letter_says_what_the_procedure_wants_of_it(letter_id: str) -> None:
    text = made(letter_id).text
    for sentence in EXPECTED[letter_id]:
        assert sentence in text


@pytest.mark.parametrize("letter_id", TO_CLIENTS)
def test_every_letter_is_addressed_dated_signed_and_offers_another_format(letter_id: str) -> None:
    text = made(letter_id).text
    assert "Rowan Example\n1 Example Street\nExampletown\nEX1 1EX" in text
    assert "Dear Rowan Example" in text
    assert "23 November 2026" in text
    assert "CASE-2026-00417" in text
    assert "SR-2026-01234" in text
    assert "Yours sincerely" in text
    assert "If you need this letter in another format" in text
    assert "large print, braille, audio" in text


def test_the_phone_paragraph_and_the_no_contact_paragraph_never_stand_together() -> None:
    phoned = made("CMSL5801", paragraphs=["LM_00008"]).text
    not_reached = made("CMSL5801", paragraphs=["LM_00009"], facts={"reached_by_phone": False}).text
    assert "We spoke to you on the phone about what we plan to do" in phoned
    assert "not spoken to you" not in phoned
    # True also of a client who asked us to write instead: nobody says that we could not reach them.
    assert "We have not spoken to you on the phone" in not_reached
    assert "reach you" not in not_reached
    assert "We spoke" not in not_reached


@pytest.mark.parametrize(("paragraph", "reached"), [("LM_00008", False), ("LM_00009", True)])
def test_a_paragraph_about_a_call_is_refused_where_the_call_says_otherwise(paragraph: str, reached: bool) -> None:
    with pytest.raises(LetterError, match="would be untrue in this case"):
        made("CMSL5801", paragraphs=[paragraph], facts={"reached_by_phone": reached})


def test_the_alternative_first_paragraph_of_5807_replaces_the_default_word_for_word() -> None:
    text = made("CMSL5807", paragraphs=["TM_09173"]).text
    assert TM_09173 in text
    assert "in line with the regulations" not in text


def test_a_plan_confirmed_on_the_phone_asks_for_no_reply_by_a_date() -> None:
    text = made("CMSL5801", facts={"reply_by": None, "reply_days": None}).text
    assert "Please tell us by" not in text
    assert "go ahead with it" not in text
    assert "Please contact us if you have any questions about this plan" in text


def test_the_plan_speaks_of_action_to_be_taken_and_never_of_action_taken() -> None:
    assert "action taken" not in made("CMSL5801").text
    assert "actions taken" not in made("CMSL5801").text


@pytest.mark.parametrize(("agreed_by", "said"), [("post", "by post"), ("email", "by email")])
def test_a_client_who_agreed_in_writing_is_not_told_of_a_phone_call(agreed_by: str, said: str) -> None:
    text = made("CMSL5806", facts={"agreed_by": agreed_by}).text
    assert f"Thank you for telling us {said} that you agree" in text
    assert "on the phone that you agree" not in text


@pytest.mark.parametrize("letter_id", ["CMSL5800", "CMSL5805", "CMSL5829"])
def test_a_client_who_has_said_nothing_is_told_neither_of_consent_nor_of_refusal(letter_id: str) -> None:
    text = made(letter_id).text
    assert not re.search(r"you (told us|agreed|disagreed|have told us|do not agree)", text, re.IGNORECASE)
    assert "We spoke" not in text


def test_the_leaflet_is_spoken_of_only_where_it_is_enclosed() -> None:
    assert "leaflet" not in made("CMSL5800").text
    assert "Complaints information leaflet (CMSB0011)" in made("CMSL5800", facts={"enclosures": ["CMSB0011"]}).text


def test_a_letter_that_encloses_what_is_no_leaflet_is_refused() -> None:
    with pytest.raises(LetterError, match="CMSL5800 cannot enclose CMSB0099"):
        made("CMSL5800", facts={"enclosures": ["CMSB0099"]})


def test_the_number_of_days_is_counted_from_the_letters_own_date() -> None:
    text = made(
        "CMSL5801",
        dated=date(2026, 11, 24),
        facts={"reply_by": date(2026, 12, 1)},
        slots={"days": 21, "due_on": date(2026, 12, 14)},
    ).text
    assert "in 20 days, by 14 December 2026" in text


def test_one_day_is_a_day_and_no_days_are_not_counted() -> None:
    no_plan = {"plan_actions": None, "reply_days": 1}
    tomorrow = made("CMSL5801", facts=no_plan, slots={"days": 1, "due_on": date(2026, 11, 24)}).text
    assert "in 1 day, by 24 November 2026" in tomorrow
    assert "at least 1 day from the date" in tomorrow
    today = made("CMSL5801", facts=no_plan, slots={"days": 0, "due_on": date(2026, 11, 23)}).text
    assert "We plan to complete this by 23 November 2026." in today
    assert "in 1 working day, by" in made("CMSL5829", facts={"contact_days": 1, "contact_unit": "working days"}).text


@pytest.mark.parametrize("letter_id", [id for id in LETTERS if "northern_ireland" in LETTERS[id].nations])
def test_in_northern_ireland_no_letter_names_the_cmg(letter_id: str) -> None:
    rendered = made(letter_id, nation="northern_ireland")
    assert "Northern Ireland" in rendered.text
    for other in ("CMG", "Child Maintenance Group", "0800 000 0000", "Wales", "Welsh"):
        assert other not in rendered.text
    assert b"Child Maintenance Group" not in rendered.pdf


def test_only_england_and_wales_is_offered_welsh() -> None:
    assert "in Welsh" in made("CMSL5800", nation="england_wales").text
    assert "Welsh" not in made("CMSL5800", nation="scotland").text


def test_the_acknowledgements_alone_ask_nobody_for_words() -> None:
    automatic = [letter for letter in LETTERS.values() if letter.automatic]
    assert [letter.id for letter in automatic] == ["CMSL5829", "RES-ACK"]
    assert all(letter.slots == () and letter.paragraph_groups == () for letter in automatic)


@pytest.mark.parametrize("letter_id", ["RES-NFA", "RES-DONE-NOCONTACT", "RES-CLOSED-OK", "RES-CLOSED-NOTOK"])
def test_an_answer_of_resolution_names_the_review_or_where_there_is_none_the_examiner(letter_id: str) -> None:
    two_tiers = made(letter_id, facts={"review_tier": True}).text
    one_tier = made(letter_id, facts={"review_tier": False}).text
    assert "you can ask us to review it" in two_tiers
    assert "Independent Case Examiner" not in two_tiers
    assert "Independent Case Examiner" in one_tier
    assert "final response" in one_tier
    assert "review" not in one_tier


def test_a_service_request_can_be_closed_on_these_letters_alone() -> None:
    closing = [letter.id for letter in LETTERS.values() if letter.closure_letter]
    assert closing == [
        *("CMSL5800", "CMSL5805", "CMSL5806", "CMSL5807"),
        *("RES-NFA", "RES-DONE-NOCONTACT", "RES-CLOSED-OK", "RES-CLOSED-NOTOK"),
    ]


def test_every_template_says_whose_words_it_holds() -> None:
    for path, content in FILES.items():
        if path.endswith(".typ") and not path.endswith("_data.typ") and not path.endswith("_sheet.typ"):
            head = content.decode().split("#import")[0].lower()
            assert "wording" in head, path
            assert "ours" in head, path


def test_every_phone_number_and_web_address_is_openly_made_up() -> None:
    whole = b"\n".join(FILES.values()).decode()
    numbers = re.findall(r"\b0\d[\d ]{8,}\d", whole)
    assert numbers
    assert all(re.fullmatch(r"0800 000 000\d", number) for number in numbers)
    sites = re.findall(r"www\.[\w.]+", whole)
    assert {site.removeprefix("www.") for site in sites} <= {"example.org", "example.com"}
