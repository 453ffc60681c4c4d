"""Which files may be attached as evidence: this table is the one place that says so.

A file must be what its name says: extension and content are looked at, and nothing is ever unpacked or run. What a zip
holds is read from its list of entries, which is not packed; one that says it would grow beyond measure is refused,
because the program of whoever opens it would have to unpack it.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise

import filetype  # type: ignore[import-untyped]

_ZIP = b"PK\x03\x04"
_MACROS = ("vbaproject.bin", "macrosheets/", "basic/script-lc.xml")
_ARCHIVES = (".zip", ".7z", ".rar", ".gz", ".xz", ".bz2", ".jar", ".iso")
_MOST_ENTRIES = 5_000
_MOST_UNPACKED = 300_000_000
_MOST_TIMES = 100  # a picture or a long text packs to a tenth, a bomb to a thousandth ...
_UNPACKED_FREELY = 20_000_000  # ... and a small file of one letter repeated harms nobody
_IS_ENCRYPTED = 0x1
_MARKUP = re.compile(r"\s*(<!doctype|<html|<svg|<script|<\?xml|<head|<body)", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f]")
_HEADER = re.compile(r"[!-9;-~]+:.*")
_MAX_HEADERS = 64_000


@dataclass(frozen=True, slots=True)
class FileKind:
    """A kind of file: what people call it, the ends of its names, what it is sent as, and how its content is known."""

    title: str
    extensions: tuple[str, ...]
    media_type: str
    is_like: Callable[[bytes], bool]


class FileRefused(Exception):
    """A file that is not taken; the text goes beside the question."""


def _known_as(media_type: str) -> Callable[[bytes], bool]:
    def is_like(content: bytes) -> bool:
        found = filetype.guess(content)
        return found is not None and found.mime == media_type

    return is_like


def _office(part: str) -> Callable[[bytes], bool]:
    def is_like(content: bytes) -> bool:
        names = {entry.filename for entry in _entries(content)}
        return {"[Content_Types].xml", part} <= names

    return is_like


def _is_open_document(content: bytes) -> bool:
    # The first entry of the zip is this one, stored as it is: OpenDocument 1.3, part 2, section 3.3.
    return content[30:77] == b"mimetypeapplication/vnd.oasis.opendocument.text" and bool(_entries(content))


def _entries(content: bytes) -> list[zipfile.ZipInfo]:
    """Return what a zip says that it holds; nothing for what is no whole zip from its first byte on."""
    if not content.startswith(_ZIP):
        return []
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError, UnicodeError):
        return []
    # Something else before the zip, such as a program, shows by where the entries begin.
    return entries if min((entry.header_offset for entry in entries), default=1) == 0 else []


def _is_text(content: bytes) -> bool:
    if filetype.guess(content) is not None:
        return False
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    return _CONTROL.search(text) is None and _MARKUP.match(text) is None


def _is_email(content: bytes) -> bool:
    head = re.split(rb"\r?\n\r?\n", content[:_MAX_HEADERS], maxsplit=1)[0].decode("ascii", errors="replace")
    lines = head.replace("\r\n", "\n").split("\n")
    headers = [line for line in lines if not line[:1].isspace()]
    names = {line.partition(":")[0].lower() for line in headers}
    return all(_HEADER.fullmatch(line) for line in headers) and "from" in names and bool(names & {"date", "to"})


KINDS = (
    FileKind("PDF", ("pdf",), "application/pdf", _known_as("application/pdf")),
    FileKind(
        "Word",
        ("docx",),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        _office("word/document.xml"),
    ),
    FileKind(
        "Excel",
        ("xlsx",),
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        _office("xl/workbook.xml"),
    ),
    FileKind("OpenDocument text", ("odt",), "application/vnd.oasis.opendocument.text", _is_open_document),
    FileKind("PNG", ("png",), "image/png", _known_as("image/png")),
    FileKind("JPEG", ("jpg", "jpeg"), "image/jpeg", _known_as("image/jpeg")),
    FileKind("TIFF", ("tif", "tiff"), "image/tiff", _known_as("image/tiff")),
    FileKind("email (EML)", ("eml",), "message/rfc822", _is_email),
    FileKind("plain text", ("txt",), "text/plain", _is_text),
)
BY_EXTENSION = {extension: kind for kind in KINDS for extension in kind.extensions}


def kind_of(name: str, content: bytes, *, accepted: Iterable[str] = ()) -> FileKind:
    """Return the kind of a file by its name and content; `accepted` are extensions, none means every known one.

    Raises: FileRefused with a sentence that says what to do.
    """
    kind = BY_EXTENSION.get(_extension(name))
    wanted = set(accepted) or set(BY_EXTENSION)
    if kind is None or not wanted & set(kind.extensions):
        raise FileRefused(f"“{name}” cannot be attached. Choose a {say_kinds(wanted)} file")
    if not content:
        raise FileRefused(f"“{name}” is empty. Choose another file")
    if not kind.is_like(content):
        article = "an" if kind.title[:1].lower() in "aeiou" else "a"
        raise FileRefused(
            f"“{name}” is not {article} {kind.title} file, although its name says so. Open it in the program that made "
            "it, save it again, and attach that copy"
        )
    _refuse_bad_zip(name, content)
    return kind


def _refuse_bad_zip(name: str, content: bytes) -> None:
    """Refuse a document that is a zip with macros, with archives in it, encrypted, or growing beyond measure."""
    entries = _entries(content)
    names = [entry.filename.lower() for entry in entries]
    if any(mark in entry for mark in _MACROS for entry in names):
        raise FileRefused(f"“{name}” holds macros. Save a copy without them, or as PDF, and attach that")
    if any(entry.endswith(_ARCHIVES) for entry in names):
        raise FileRefused(
            f"“{name}” holds an archive of other files. Take it out, or save a copy as PDF and attach that"
        )
    if any(entry.flag_bits & _IS_ENCRYPTED for entry in entries):
        raise FileRefused(f"“{name}” is protected by a password. Save a copy without one, and attach that")
    unpacked = sum(entry.file_size for entry in entries)
    is_too_much = len(entries) > _MOST_ENTRIES or unpacked > _MOST_UNPACKED or _overlap(entries)
    if is_too_much or unpacked > max(_UNPACKED_FREELY, _MOST_TIMES * len(content)):
        raise FileRefused(f"“{name}” would be far too large when it is opened. Save a copy as PDF, and attach that")


def _overlap(entries: Iterable[zipfile.ZipInfo]) -> bool:
    """Tell whether entries lie over each other, so that the same bytes would be unpacked again and again."""
    ordered = sorted(entries, key=lambda entry: entry.header_offset)
    return any(one.header_offset + one.compress_size >= two.header_offset for one, two in pairwise(ordered))


def say_kinds(extensions: Iterable[str] = ()) -> str:
    """Return the kinds of file in words: PDF, Word or plain text."""
    wanted = set(extensions) or set(BY_EXTENSION)
    titles = [kind.title for kind in KINDS if wanted & set(kind.extensions)]
    return " or ".join([", ".join(titles[:-1]), titles[-1]]) if len(titles) > 1 else "".join(titles)


def specimen(name: str) -> bytes:
    """Return the smallest content that passes for a file of this name: what stories and tests attach."""
    return _SPECIMENS.get(_extension(name), b"")


def _extension(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name else ""


def _zipped(**entries: str) -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in entries.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return packed.getvalue()


_SPECIMENS = {
    "pdf": b"%PDF-1.7\n%%EOF\n",
    "docx": _zipped(**{"[Content_Types].xml": "<Types/>", "word/document.xml": "<document/>"}),
    "xlsx": _zipped(**{"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<workbook/>"}),
    "odt": _zipped(mimetype="application/vnd.oasis.opendocument.text", **{"content.xml": "<content/>"}),
    "png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "jpg": b"\xff\xd8\xff\xe0\0\x10JFIF\0",
    "jpeg": b"\xff\xd8\xff\xe0\0\x10JFIF\0",
    "tif": b"II*\0\x08\0\0\0\0\0\0\0",
    "tiff": b"MM\0*\0\0\0\x08\0\0\0\0",
    "eml": b"From: somebody@redress.example\nTo: us@redress.example\nSubject: Our decision\n\nWe agree.\n",
    "txt": b"A note.\n",
}
