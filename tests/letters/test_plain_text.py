"""Plain text in, plain text out."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letters.plain_text import Block, blocks_of, text_of_html, tidy


@pytest.mark.parametrize(
    ("typed", "blocks"),
    [
        ("", []),
        ("One line", [{"paragraph": ["One line"]}]),
        ("One\nsame paragraph\n\n\nTwo", [{"paragraph": ["One", "same paragraph"]}, {"paragraph": ["Two"]}]),
        ("Done:\r\n- this\r\n- that", [{"paragraph": ["Done:"]}, {"list": [["this"], ["that"]]}]),
        ("- this\n  goes on\n- that", [{"list": [["this", "goes on"], ["that"]]}]),
        ("- this\n\nAfter", [{"list": [["this"]]}, {"paragraph": ["After"]}]),
        ("-not a list", [{"paragraph": ["-not a list"]}]),
        ("1. stays as typed", [{"paragraph": ["1. stays as typed"]}]),
    ],
)
def test_a_blank_line_parts_paragraphs_and_a_dash_makes_a_list(typed: str, blocks: list[Block]) -> None:
    assert blocks_of(typed) == blocks


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"])))
def test_no_word_is_lost(typed: str) -> None:
    kept = json.dumps(blocks_of(typed), ensure_ascii=False)
    for word in tidy(typed).replace('"', " ").replace("\\", " ").split():
        assert word in kept or word in "-•*"


def test_html_becomes_paragraphs_and_lists() -> None:
    head, items = "<head><title>T</title></head>", "<ul><li><p>one</p></li><li>two</li></ul>"
    html = f"<html>{head}<body><h2>A &amp; B</h2><p>x<br>y</p>{items}</body></html>"
    assert text_of_html(html) == "A & B\n\nx\ny\n\n- one\n- two\n"


def test_numbered_lists_keep_their_numbers() -> None:
    assert text_of_html("<ol><li>one</li><li>two</li></ol>") == "1. one\n2. two\n"
