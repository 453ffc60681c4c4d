"""The name of a file that somebody sends: whatever it is, what is stored and sent again harms nobody."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.documents import MAX_NAME, clean_name


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("..\\..\\windows\\win.txt", "win.txt"),
        ("C:\\a.pdf", "a.pdf"),
        ("/", "document"),
        ("", "document"),
        (".", "document"),
        ("..", "document"),
        (".pdf", "pdf"),
        ("a.pdf\r\nSet-Cookie: x=y", "a.pdf set-c"),
        ("photo\u202egnp.exe", "photognp.exe"),
        ("a\u200b\u00ad.pdf", "a.pdf"),
        ("nul\0.pdf", "_nul.pdf"),
        ('a";filename=b.pdf', "a_;filename=b.pdf"),
        ("a<b>|?*.pdf", "a_b____.pdf"),
        ("CON.pdf", "_CON.pdf"),
        ("lpt1.txt", "_lpt1.txt"),
        ("con", "_con"),
        ("aux.tar.txt", "_aux.tar.txt"),
        ("e\u0301te\u0301.pdf", "\u00e9t\u00e9.pdf"),
        ("\ud800.pdf", "pdf"),
        ("-rf.pdf", "-rf.pdf"),
    ],
)
def test_a_hostile_name_is_made_harmless(sent: str, kept: str) -> None:
    assert clean_name(sent) == kept


@given(st.text(alphabet=st.characters(), max_size=400))
def test_whatever_a_name_is_what_is_kept_of_it_is_one_short_line_that_lies_nowhere_else(sent: str) -> None:
    kept = clean_name(sent)
    assert 0 < len(kept) <= MAX_NAME
    assert not set(kept) & set('/\\<>:"|?*')
    assert not kept.startswith(".")
    assert all(unicodedata.category(letter)[0] != "C" for letter in kept)
    assert kept.encode()
