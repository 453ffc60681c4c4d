"""Which files are taken as evidence: those that are what their name says, and nothing that runs."""

from __future__ import annotations

import io
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.file_kinds import BY_EXTENSION, FileRefused, kind_of, say_kinds, specimen


def zipped(*names: str, first: tuple[str, str] | None = None, filling: str = "<x/>") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        if first:
            archive.writestr(*first, compress_type=zipfile.ZIP_STORED)
        for name in names:
            archive.writestr(name, filling)
    return packed.getvalue()


WORD = ("[Content_Types].xml", "_rels/.rels", "word/document.xml")
ODT = ("mimetype", "application/vnd.oasis.opendocument.text")


@pytest.mark.parametrize("extension", BY_EXTENSION)
def test_the_smallest_file_of_each_kind_is_taken(extension: str) -> None:
    assert kind_of(f"a.{extension}", specimen(f"a.{extension}")) is BY_EXTENSION[extension]
    assert kind_of(f"A.{extension.upper()}", specimen(f"a.{extension}")) is BY_EXTENSION[extension]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("letter.docx", zipped(*WORD)),
        ("letter.docx", zipped(*reversed(WORD))),
        ("table.xlsx", zipped("[Content_Types].xml", "xl/workbook.xml")),
        ("letter.odt", zipped("content.xml", first=ODT)),
        ("note.txt", "Grüße\nand £50\tpaid".encode()),
        ("note.txt", "old £ sign".encode("cp1252")),
        ("mail.eml", b"Received: by mx\r\n\tfor us\r\nFrom: a@b.example\r\nDate: today\r\n\r\n\x93hello\x94"),
        ("long.docx", zipped(*WORD, filling="0" * 5_000_000)),
    ],
)
def test_what_programs_save_is_taken_and_never_unpacked(name: str, content: bytes) -> None:
    assert kind_of(name, content).extensions[0] == name.rpartition(".")[2]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("program.pdf", b"MZ\x90\0" + bytes(60)),
        ("page.txt", b"\n <!DOCTYPE html><script>alert(1)</script>"),
        ("picture.txt", b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>"),
        ("feed.eml", b"<?xml version='1.0'?>"),
        ("note.txt", b"nul \0 byte"),
        ("picture.png", specimen("a.jpg")),
        ("both.pdf", b"GIF89a%PDF-1.7"),
        ("late.pdf", b"<html>%PDF-1.7"),
        ("table.docx", specimen("a.xlsx")),
        ("archive.docx", zipped("a.txt")),
        ("archive.odt", zipped("a.txt")),
        ("mail.eml", b"Just some words\n\nand more"),
        ("letter.docx", specimen("a.pdf")),
        ("cut.docx", zipped(*WORD)[:-30]),
        ("program.docx", b"MZ" + zipped(*WORD)),
        ("names-only.docx", b"PK\x03\x04" + b"[Content_Types].xml word/document.xml"),
        ("names-only.odt", specimen("a.odt")[:77]),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_refused(name: str, content: bytes) -> None:
    with pytest.raises(FileRefused, match="although its name says so"):
        kind_of(name, content)


@pytest.mark.parametrize(
    "name", ["run.exe", "page.html", "drawing.svg", "a.pdf.exe", "archive.zip", "pdf", "", ".", "x."]
)
def test_other_kinds_are_refused_with_those_that_are_taken(name: str) -> None:
    with pytest.raises(FileRefused, match=r"PDF, Word, .* or plain text"):
        kind_of(name, specimen("a.pdf"))


def test_a_question_may_take_fewer_kinds() -> None:
    assert kind_of("a.jpeg", specimen("a.jpg"), accepted=["jpg", "png"]).title == "JPEG"
    with pytest.raises(FileRefused, match="Choose a PNG or JPEG file"):
        kind_of("a.pdf", specimen("a.pdf"), accepted=["jpg", "png"])
    assert say_kinds(["pdf"]) == "PDF"


def test_an_empty_file_and_one_with_macros_are_refused() -> None:
    with pytest.raises(FileRefused, match="is empty"):
        kind_of("a.pdf", b"")
    with pytest.raises(FileRefused, match="holds macros"):
        kind_of("a.docx", zipped(*WORD, "word/vbaProject.bin"))


def overlapping() -> bytes:
    """A zip whose list of entries names the same packed bytes many times."""
    plain = zipped(*WORD, filling="<x/>" * 5_000)
    with zipfile.ZipFile(io.BytesIO(plain)) as archive:
        start = archive.start_dir
    end = plain.rfind(b"PK\x05\x06")
    listed = plain[start:end]
    many = listed * 200
    count = (3 * 200).to_bytes(2, "little")
    tail = plain[end : end + 8] + count + count + len(many).to_bytes(4, "little") + plain[end + 16 :]
    return plain[:start] + many + tail


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (zipped(*WORD, filling="0" * 30_000_000), "far too large when it is opened"),
        (overlapping(), "far too large when it is opened"),
        (zipped(*WORD, *(f"word/media/{number}.xml" for number in range(5_001))), "far too large"),
        (zipped(*WORD, "word/embeddings/inner.zip"), "holds an archive"),
        (zipped(*WORD, "word/VBAPROJECT.BIN"), "holds macros"),
        (zipped(*WORD).replace(b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01"), "by a password"),
    ],
    ids=["a bomb", "entries over each other", "too many entries", "an archive inside", "macros", "encrypted"],
)
def test_a_document_that_would_harm_whoever_opens_it_is_refused_with_what_to_do(content: bytes, sentence: str) -> None:
    with pytest.raises(FileRefused, match=sentence):
        kind_of("letter.docx", content)


@pytest.mark.parametrize(
    "name", ["a.pdf.exe", "a.docx.svg", "a.html", "a.svgz", "a.xml", "a.js", "a.lnk", "a.docm", "a.zip"]
)
def test_no_double_extension_and_nothing_that_a_browser_runs_is_taken(name: str) -> None:
    for content in (specimen("a.pdf"), specimen("a.docx"), b"<svg onload='x()'/>", b"<html><script>x()</script>"):
        with pytest.raises(FileRefused, match="cannot be attached"):
            kind_of(name, content)


@given(st.sampled_from(sorted(BY_EXTENSION)), st.binary(max_size=80), st.integers(0, 60), st.binary(max_size=8))
def test_whatever_bytes_a_file_has_it_is_taken_or_refused(extension: str, more: bytes, at: int, put: bytes) -> None:
    whole = specimen(f"a.{extension}") + more
    for content in (more, whole[:at] + put + whole[at + len(put) :]):
        with suppress(FileRefused):
            kind_of(f"a.{extension}", content)
