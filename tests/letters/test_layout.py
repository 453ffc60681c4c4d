"""Where things stand on the paper: inside the boxes of the GOV.UK Notify letter specification, at every size of print.

Source: GOV.UK Notify, letter specification (A4, millimetres from the left and top edge). Its own validator allows 1 mm.
"""

from __future__ import annotations

import re
from itertools import pairwise

import pypdfium2
import pytest

from letters.render import TextSize
from tests.letters.made import LETTERS, TO_CLIENTS, made
from tests.letters.pdf import Word, words_of

Box = tuple[float, float, float, float]  # left, top, right, bottom
LOGO: Box = (15, 5, 125, 30)
ADDRESS: Box = (24.6, 39.5, 120, 66.3)
CONTACT: Box = (125, 30, 190, 95)
BODY: Box = (15, 95, 195, 292)
WHOLE: Box = (15, 5, 195, 292)
SLACK = 1.0
SIZES: list[TextSize] = [12, 16, 18, 24]

LONG = "\n\n".join(
    "We are sorry that this took so long, and we explain below what went wrong and why." for _ in range(20)
)
SEVEN_LINES = [
    "Apartment 14, The Old Granary Buildings",
    "Very Long Street Name With Many Words",
    "A Village With A Long Name",
    "Near An Even Longer Named Town",
    "Exampleshire and the Example Isles",
    "EX1 1EX",
]


def is_within(word: Word, box: Box) -> bool:
    return (
        word.left >= box[0] - SLACK
        and word.top >= box[1] - SLACK
        and word.right <= box[2] + SLACK
        and word.bottom <= box[3] + SLACK
    )


@pytest.mark.parametrize("text_size", SIZES)
@pytest.mark.parametrize("letter_id", TO_CLIENTS)
def test_no_word_stands_outside_the_boxes(letter_id: str, text_size: TextSize) -> None:
    for nation in ("england_wales", "northern_ireland"):
        for word in words_of(made(letter_id, nation=nation, text_size=text_size).pdf):
            boxes = (LOGO, ADDRESS, CONTACT, BODY) if word.page == 1 else (WHOLE,)
            assert any(is_within(word, box) for box in boxes), word


@pytest.mark.parametrize("text_size", SIZES)
def test_seven_long_lines_of_address_stay_in_the_window(text_size: TextSize) -> None:
    name = "The Honourable Bartholomew Featherstonehaugh-Example"
    facts = {"case.client_name": name, "case.client_address": SEVEN_LINES}
    found = [word for word in words_of(made("CMSL5800", facts=facts, text_size=text_size).pdf) if word.page == 1]
    in_window = [word.text for word in found if is_within(word, ADDRESS)]
    for part in " ".join([name, *SEVEN_LINES]).split():
        assert part in in_window


def test_the_address_of_a_large_print_letter_is_as_large_as_the_window_allows() -> None:
    def height(text_size: TextSize, lines: list[str]) -> float:
        facts = {"case.client_name": "Robin Example", "case.client_address": lines}
        words = words_of(made("CMSL5800", facts=facts, text_size=text_size).pdf)
        return next(word.bottom - word.top for word in words if is_within(word, ADDRESS) and word.text == "EX1")

    short = ["1 Sample Street", "EX1 1EX"]
    usual = ["1 Sample Street", "Exampletown", "EX1 1EX"]
    assert height(18, short) > 1.5 * height(12, short)
    assert height(18, usual) > 1.15 * height(12, usual)


@pytest.mark.parametrize("letter_id", [id for id in LETTERS if LETTERS[id].kind != "letter"])
def test_the_leaflet_and_the_forms_keep_the_margins_of_every_page(letter_id: str) -> None:
    for text_size in SIZES:
        assert all(is_within(word, WHOLE) for word in words_of(made(letter_id, text_size=text_size).pdf))


def test_large_print_flows_onto_more_pages_and_loses_no_word() -> None:
    ordinary = made("CMSL5800", slots={"update": LONG})
    large = made("CMSL5800", slots={"update": LONG}, text_size=18)
    assert large.pages > ordinary.pages
    assert large.text == ordinary.text
    assert large.pages <= 10
    assert sum(word.text == "sorry" for word in words_of(large.pdf)) == 20


@pytest.mark.parametrize("text_size", [12, 18])
def test_no_two_lines_of_a_column_stand_on_each_other(text_size: TextSize) -> None:
    words = [word for word in words_of(made("CMSL5807", text_size=text_size).pdf) if word.page == 1]
    for box in (ADDRESS, CONTACT, BODY):
        tops = sorted({round(word.top, 1) for word in words if is_within(word, box)})
        assert all(after - before > 2 for before, after in pairwise(tops) if after - before > 0.5)


@pytest.mark.parametrize("letter_id", TO_CLIENTS)
def test_a_letter_keeps_within_what_a_printer_takes(letter_id: str) -> None:
    rendered = made(letter_id, text_size=24)
    assert len(rendered.pdf) < 2_000_000
    assert rendered.pages <= 10
    assert "NOTIFY" not in rendered.text


@pytest.mark.parametrize("letter_id", TO_CLIENTS)
def test_no_page_holds_only_what_every_letter_ends_with_and_no_line_tears_a_date_or_a_postcode(letter_id: str) -> None:
    for text_size in SIZES:
        for nation in ("england_wales", "northern_ireland"):
            pages = pages_of(made(letter_id, nation=nation, text_size=text_size).pdf)
            assert not [page for page in pages if page.startswith(ALONE[: 1 if text_size == 24 else 3])]
            assert not [page for page in pages if TORN.search(page)]


def test_the_last_paragraph_goes_to_the_next_page_with_the_signature_wherever_a_page_ends() -> None:
    begins = set()
    for paragraphs in range(1, 13):
        slots = {"update": "\n\n".join(["We are sorry for what happened."] * paragraphs)}
        pages = pages_of(made("CMSL5800", slots=slots).pdf)
        begins |= {page.split("\n")[0] for page in pages[1:]}
        assert sum("Yours sincerely" in page for page in pages) == 1
    assert "Yours sincerely" not in begins
    assert any(begin.startswith("You can phone 0800 000 0001") for begin in begins)


# At 24 pt what every letter ends with is longer than a page.
ALONE = ("Yours sincerely", "How to contact us", "If you need this letter")
TORN = re.compile(r"\b\d\d?\n(November|December)|(November|December)\n2026|EX00\n\dEX|PO Box\n")


def pages_of(pdf: bytes) -> list[str]:
    """Return the words of each page, line by line."""
    pages = [page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(pdf)]
    return [page.replace("\r\n", "\n").strip() for page in pages]
