"""A letter before it is issued: seen as it will be sent, and in versions that say that they will not be."""

import io

import pdfplumber
import pytest

from tests.web.conftest import person_id
from tests.web.journeys import accept, allocate, call, decide_no_further_action, open_task, refer, write_letter

NOT_SENT = "Not what will be sent"


@pytest.fixture
def caseworker(visitor, case_id, deployed, play_once):
    """A review caseworker whose letter waits to be checked: in ordinary print, for England and Wales."""

    def play():
        call(refer(visitor("owning_team"), case_id))
        allocate(visitor("review_team_leader"), person_id(deployed, "review_caseworker"))
        decide_no_further_action(accept(visitor("review_caseworker")))
        write_letter(visitor("review_caseworker"), update="We looked at every payment again.")

    play_once(play)
    return visitor("review_caseworker")


def pdf_of(browser):
    link = next(a.get("href") for a in browser.page.iter("a") if "as PDF" in a.text_content())
    answer = browser.client.get(link)
    with pdfplumber.open(io.BytesIO(answer.data)) as document:
        return [page.extract_text() for page in document.pages], answer.headers["Content-Disposition"]


def test_the_client_s_own_version_is_shown_first_and_says_so(caseworker):
    open_task(caseworker, "Check the letter")
    assert "Ordinary print: as it will be sent" in caseworker.text
    assert "England and Wales, Scotland (CMG): as it will be sent" in caseworker.text
    assert "This is not what will be sent" not in caseworker.text
    pages, name = pdf_of(caseworker)
    assert "CMSL5800-preview.pdf" in name
    assert all(NOT_SENT not in page for page in pages)


def test_another_size_and_the_other_nation_are_shown_and_marked_on_page_picture_and_pdf(caseworker):
    open_task(caseworker, "Check the letter").press("Show", {"size": "24", "brand": "nicms"})
    assert "Northern Ireland Child Maintenance Service" in caseworker.text
    assert (
        "This is not what will be sent. You see: Large print, 24 point, for Northern Ireland (NICMS). "
        "The client’s own version is: Ordinary print, for England and Wales, Scotland (CMG)."
    ) in caseworker.text
    pages, name = pdf_of(caseworker)
    assert "not-what-will-be-sent" in name
    assert len(pages) > 1
    assert all(NOT_SENT in page for page in pages)
    pictures = [image.get("src") for image in caseworker.page.iter("img") if "letter" in image.get("src")]
    assert len(pictures) == len(pages)
    assert all("brand=nicms" in address and "size=24" in address for address in pictures)
    own = next(iter(pictures)).replace("nicms", "cmg").replace("24", "12")
    assert caseworker.client.get(own).data != caseworker.client.get(pictures[0]).data
    caseworker.press("Show", {"size": "12", "brand": "cmg"})
    assert "This is not what will be sent" not in caseworker.text


def test_the_other_nation_s_version_counts_its_days_by_that_nation_s_holidays(caseworker, deployed):
    deployed.clock.move_to(deployed.clock.now().replace(year=2027, month=7, day=5))  # a week later is 12 July
    open_task(caseworker, "Check the letter")
    assert "by 12 July 2027" in caseworker.text
    caseworker.press("Show", {"brand": "nicms"})
    assert "by 13 July 2027" in caseworker.text


def test_who_writes_a_letter_switches_its_version_and_keeps_what_is_typed(caseworker):
    open_task(caseworker, "Check the letter").press("Complete this task", {"letter_check": "change"})
    open_task(caseworker, "Write the letter").press("Preview the letter", {"slots.update": "Typed and not yet sent."})
    assert caseworker.text.count("Say nothing about the other parent.") == 1
    form = caseworker.page.get_element_by_id("task-form")
    button = next(button for button in caseworker.page.iter("button") if button.text_content().startswith("Show"))
    assert {each.get("form") for each in (button, *caseworker.page.find_class("govuk-select")[:2])} == {form.get("id")}
    sent = {**dict(form.form_values()), "slots.update": "Typed and more.", "size": "18", "brand": "nicms"}
    caseworker.visit(caseworker.client.post(form.get("action"), data={**sent, "do": button.get("value")}).location)
    assert dict(caseworker.page.get_element_by_id("task-form").form_values())["slots.update"] == "Typed and more."
    assert "You see: Large print, 18 point, for Northern Ireland (NICMS)." in caseworker.text


def test_a_version_that_is_not_offered_is_the_client_s_own(caseworker):
    task = open_task(caseworker, "Check the letter").path.partition("?")[0]
    caseworker.visit(f"{task}?preview=yes&size=99&brand=nobody")
    assert caseworker.status == 200
    assert "This is not what will be sent" not in caseworker.text
