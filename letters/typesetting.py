"""Sets a template with Typst, in memory and the same for the same input: the only module that imports Typst.

Fonts are Source Sans Pro from its own package and nothing else: no font of the machine, none of Typst's. Typst replaces
a missing font in silence, so it must never have another to choose. A template reads only the files that it is handed.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from functools import cache, lru_cache
from typing import Literal, TypeAlias, cast

import font_source_sans_pro
import typst

from letters.letter import LetterError

Output: TypeAlias = Literal["pages", "html"]

# Tagged (UA-1: reading order, language, title, headings) and fit for keeping (A-2a: fonts inside, nothing outside).
_STANDARDS: list[typst.PDFStandard] = ["a-2a", "ua-1"]
_FACES = ("Regular", "It", "Semibold", "SemiboldIt", "Bold")
_ONE_WORD = (
    b'#set document(title: "x")\n#set text(font: "Source Sans Pro", lang: "en")\n#json(bytes(sys.inputs.letter))'
)
_PAGE_COUNT = re.compile(rb"/Type ?/Pages ?/Count (\d+)")


def as_pdf(files: Mapping[str, bytes], main: str, values: str, *, dated: date) -> bytes:
    """Return a tagged PDF of the template `main`; `values` is the JSON that the template reads.

    Raises:
        LetterError: the template is wrong, or the text has a character that the font lacks.
    """
    return _set(files, main, values, "pages", "pdf", dated)[0]


def as_pictures(files: Mapping[str, bytes], main: str, values: str, *, dated: date) -> list[bytes]:
    """Return one SVG for each page."""
    return _set(files, main, values, "pages", "svg", dated)


def as_html(files: Mapping[str, bytes], main: str, values: str, *, dated: date) -> str:
    """Return the letter as bare HTML, in reading order."""
    return _set(files, main, values, "html", "html", dated)[0].decode()


def page_count(pdf: bytes) -> int:
    """Return how many pages a PDF made here has."""
    found = _PAGE_COUNT.search(pdf)
    if found is None:
        raise LetterError(["The PDF has no page tree that can be read."])
    return int(found[1])


@lru_cache(maxsize=4096)
def can_print(character: str) -> bool:
    """Say whether the font has a character: for PDF/UA-1 Typst refuses what it would else print as an empty box."""
    if " " <= character <= "~" or character == "\n":
        return True
    try:
        as_pdf({"main.typ": _ONE_WORD}, "main.typ", json.dumps(f"a{character}"), dated=date(2000, 1, 1))
    except LetterError:
        return False
    return True


def _set(
    files: Mapping[str, bytes], main: str, values: str, output: Output, written_as: typst.OutputFormat, dated: date
) -> list[bytes]:
    folder = os.path.dirname(main)
    sources = {os.path.relpath(path, folder) if folder else path: content for path, content in files.items()}
    sources["main.typ"] = sources[os.path.basename(main)]
    try:
        made, _ = typst.compile_with_warnings(  # HTML warns that boxes on paper mean nothing there
            cast("bytes", sources),  # a dict of files is taken too; the stub of typst 0.15.2 does not say so
            root=font_source_sans_pro.font_directory,  # where Typst looks for other files: there are fonts, no secrets
            font_paths=_fonts(),
            format=written_as,
            sys_inputs={"letter": values, "output": output},
            pdf_standards=_STANDARDS if written_as == "pdf" else [],
            timestamp=datetime.combine(dated, time(12), UTC),
        )
    except typst.TypstError as error:
        hints = "".join(f" {hint}." for hint in error.hints)
        raise LetterError([f"{main} cannot be set: {error.message}.{hints}"]) from error
    pages: bytes | list[bytes] = cast("bytes | list[bytes]", made)  # pictures: a list where there are several pages
    return [pages] if isinstance(pages, bytes) else pages


@cache
def _fonts() -> typst.Fonts:
    """Return the faces that the templates use. Typst takes folders only, so they are linked into one to be read."""
    with tempfile.TemporaryDirectory() as folder:
        for face in _FACES:
            name = f"SourceSansPro-{face}.otf"  # the folder of the package holds every face twice, as OTF and TTF
            os.symlink(os.path.join(font_source_sans_pro.font_directory, name), os.path.join(folder, name))
        fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])
    if fonts.families() != ["Source Sans Pro"]:
        raise LetterError(["The font Source Sans Pro is not installed: install the packages of requirements.txt."])
    return fonts
