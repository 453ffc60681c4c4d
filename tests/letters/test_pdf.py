"""What the PDF is: tagged, with its font inside, the same bytes every time, and with a person's words as words."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pdfua
import pytest

from letters.letter import LetterError
from letters.render import TextSize, preview, render
from tests.letters.made import FILES, LETTERS, example, made
from tests.letters.pdf import fonts_of, metadata_of, words_of

INJECTIONS = [
    '#let x = 1 #panic("no")',
    '#read("/etc/passwd") $x^2$ *bold* _it_ `code` @ref <label> = Heading',
    "<script>alert(1)</script> &amp; {{7*7}} {% x %}",
    "\\u{41} \\ ] [ ( ) // comment /* more */ -- --- ... ' \"",
]


@pytest.mark.parametrize("letter_id", LETTERS)
@pytest.mark.parametrize("text_size", [12, 18])
def test_every_pdf_is_tagged_and_passes_the_checks_that_we_have(
    letter_id: str, text_size: TextSize, tmp_path: Path
) -> None:
    """`pdfua` covers 16 of the 106 rules of PDF/UA-1; Typst refuses what it knows to break PDF/UA-1 or PDF/A-2a."""
    path = tmp_path / "letter.pdf"
    path.write_bytes(made(letter_id, text_size=text_size).pdf)
    report = pdfua.validate(str(path))
    assert [finding.message for finding in report.findings] == []
    assert report.exit_code == 0
    content = path.read_bytes()
    for mark in (b"/StructTreeRoot", b"/MarkInfo", b"pdfuaid", b"pdfaid", b"/Lang(en-GB)"):
        assert mark in content


@pytest.mark.parametrize("letter_id", LETTERS)
def test_the_font_inside_is_ours_and_no_other(letter_id: str) -> None:
    fonts = fonts_of(made(letter_id).pdf)
    assert fonts
    assert all(font.startswith("SourceSansPro-") for font in fonts), fonts


def test_the_title_and_the_author_are_the_letters_and_the_bodys() -> None:
    metadata = metadata_of(made("CMSL5805", nation="northern_ireland").pdf)
    assert metadata["Title"] == "We’ve resolved your complaint"
    assert metadata["Author"] == "Northern Ireland Child Maintenance Service"
    assert metadata["CreationDate"].startswith("D:20261123")


@pytest.mark.parametrize("letter_id", LETTERS)
def test_the_same_input_gives_the_same_bytes(letter_id: str) -> None:
    first, second = made(letter_id), made(letter_id)
    assert first == second
    assert first.sha256 == hashlib.sha256(first.pdf).hexdigest()


def test_many_threads_get_the_same_bytes() -> None:
    with ThreadPoolExecutor(4) as pool:
        digests = set(pool.map(lambda _: made("CMSL5806").sha256, range(12)))
    assert len(digests) == 1


def test_a_changed_template_changes_the_templates_digest() -> None:
    changed = {**FILES, "letters/templates/CMSL5806.typ": FILES["letters/templates/CMSL5806.typ"] + b"\nMore.\n"}
    case = example("CMSL5806")
    after = render(changed, "CMSL5806", case.facts, case.slots, case.paragraphs, dated=case.dated)
    assert "More." in after.text
    assert after.template_sha256 != made("CMSL5806").template_sha256


@pytest.mark.parametrize("attempt", INJECTIONS)
def test_what_looks_like_markup_stays_text(attempt: str) -> None:
    rendered = made("CMSL5800", slots={"update": attempt}, facts={"case.client_name": attempt[:40]})
    assert " ".join(attempt.split()) in " ".join(rendered.text.split())
    printed = "".join(word.text for word in words_of(rendered.pdf)).replace("’", "'")
    for part in ("panic", "script", "read(", "comment"):
        assert (part in attempt) == (part in printed)


def test_welsh_and_polish_names_are_printed() -> None:
    name = "Siân Ŵyn Łukasz Żółć-Gęślą Ŷ"
    rendered = made("CMSL5800", facts={"case.client_name": name})
    assert f"Dear {name}" in rendered.text
    assert {"Ŵyn", "Łukasz", "Żółć-Gęślą", "Ŷ"} <= {word.text for word in words_of(rendered.pdf)}


def test_a_letter_typed_with_a_loose_accent_is_printed_with_its_own_glyph() -> None:
    assert "Dear Siân" in made("CMSL5800", facts={"case.client_name": "Sia\u0302n"}).text


@pytest.mark.parametrize("letter_id", ["CMSL5800", "CMSB0011"])
def test_a_preview_is_one_picture_a_page_and_the_same_every_time(letter_id: str) -> None:
    case = example(letter_id)
    arguments = (FILES, letter_id, case.facts, case.slots, case.paragraphs)
    pictures = preview(*arguments, dated=case.dated)
    assert len(pictures) == made(letter_id).pages
    assert pictures == preview(*arguments, dated=case.dated)
    for picture in pictures:
        assert picture.startswith(b"<svg ")
        assert b"<script" not in picture
        assert b"http://" not in picture.replace(b"http://www.w3.org/", b"")


def test_a_preview_refuses_what_a_letter_refuses() -> None:
    with pytest.raises(LetterError, match="Fill in"):
        preview(FILES, "CMSL5806", example("CMSL5806").facts, {}, (), dated=date(2026, 11, 23))


def test_a_letter_that_is_not_in_the_bundle_is_refused_by_name() -> None:
    with pytest.raises(LetterError, match="There is no letter CMSL5802"):
        preview(FILES, "CMSL5802", {}, {}, (), dated=date(2026, 11, 23))
