"""The catalogue of a bundle: read whole, or refused with every fault that it has."""

from __future__ import annotations

import pytest

from letters.catalogue import CATALOGUE, letter_files, load_letters
from letters.letter import LetterError
from letters.specimen import check_templates

FILES = letter_files()


def changed(old: str, new: str) -> dict[str, bytes]:
    text = FILES[CATALOGUE].decode()
    assert old in text
    return {**FILES, CATALOGUE: text.replace(old, new, 1).encode()}


def faults(files: dict[str, bytes]) -> str:
    with pytest.raises(LetterError) as refused:
        load_letters(files)
    return "\n".join(refused.value.faults)


def test_the_catalogue_has_the_letters_of_the_review_and_placeholders_for_resolution() -> None:
    assert list(load_letters(FILES)) == [
        *("CMSL5829", "CMSL5800", "CMSL5801", "CMSL5803", "CMSL5804", "CMSL5805", "CMSL5806", "CMSL5807"),
        *("RES-ACK", "RES-NFA", "RES-PLAN", "RES-STANDS", "RES-REVISED", "RES-UPDATE"),
        *("RES-DONE-NOCONTACT", "RES-CLOSED-OK", "RES-CLOSED-NOTOK"),
        *("CMSB0011", "CMSF5551", "CMSF5551_NI"),
    ]


def test_a_letter_comes_from_the_team_that_it_names() -> None:
    teams = {letter.team for letter in load_letters(FILES).values() if letter.id.startswith("RES-")}
    assert teams == {"Complaints Resolution team"}


def test_our_own_catalogue_and_templates_have_no_fault() -> None:
    assert check_templates(FILES) == []


def test_other_files_of_a_bundle_are_not_looked_at() -> None:
    assert load_letters({**FILES, "processes/review/review.bpmn": b"\xff"}) == load_letters(FILES)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('label = "An update"\n', "", "CMSL5800, update: has no label."),
        ('title = "We’ve resolved your complaint"\n', "", "CMSL5805: has no title."),
        ('kind = "letter"\nsender', 'kind = "postcard"\nsender', "has the kind “postcard”"),
        ('sender = "team" ', 'sender = "nobody" ', "CMSL5829: has the sender “nobody”"),
        ("automatic = true", "automatic = 1", "CMSL5829: “automatic” must be true or false."),
        (", maxLength = 4000", "", "is free text without validate.maxLength"),
        ('default = "LM_00008"', 'default = "LM_7"', "has the default LM_7, which is not one of its paragraphs"),
        ('enclosures = ["CMSB0011"]', 'enclosures = ["CMSL5800"]', "encloses CMSL5800, which is not a leaflet"),
        ('facts = ["agreed_by"]', 'facts = ["agreed_with"]', "needs the fact agreed_with"),
        ("closure_letter = true", "closing_letter = true", "CMSL5800: has the unknown key “closing_letter”"),
        ('same_as = "CMSF5551"', 'same_as = "CMSF9999"', "is the same as CMSF9999"),
        ('nations = ["northern_ireland"]\nphone', "nations = []\nphone", "nicms: writes in no nation"),
        ('type = "choice", label = "Nation"', 'type = "riddle", label = "Nation"', "has the type “riddle”"),
        (
            "automatic = true",
            "automatic = true\nslots = [{type='textfield',key='x',label='X',validate={maxLength=9}}]",
            "asks a person",
        ),
        ('key = "explanation"', 'key = "details"', "declares details more than once"),
    ],
)
def test_a_fault_is_a_sentence_that_names_the_letter(old: str, new: str, sentence: str) -> None:
    assert sentence in faults(changed(old, new))


def test_every_fault_is_told_at_once() -> None:
    files = changed('label = "An update"\n', "")
    del files["letters/templates/CMSL5803.typ"]
    found = faults(files)
    assert "CMSL5800, update: has no label." in found
    assert "CMSL5803: has no template: letters/templates/CMSL5803.typ is missing." in found


def test_a_bundle_without_a_catalogue_or_with_a_broken_one_is_refused() -> None:
    assert "The file is missing" in faults({})
    assert "not TOML" in faults({**FILES, CATALOGUE: b"= ="})


def test_a_template_that_would_fetch_a_package_is_refused() -> None:
    template = {"letters/templates/_letter.typ": b'#import "@preview/anything:1.0.0": *'}
    assert "names a package" in faults({**FILES, **template})


def test_a_template_that_does_not_compile_is_found_at_deployment() -> None:
    broken = {**FILES, "letters/templates/CMSL5806.typ": b'#import "_letter.typ": *\n#show: letter\n#under("nowhere")'}
    found = check_templates(broken)
    assert len(found) == 1
    assert "letters/templates/CMSL5806.typ cannot be set" in found[0]


def test_a_template_reads_no_file_but_those_beside_it() -> None:
    for path in ("/etc/passwd", "../letters.toml", "../../pyproject.toml"):
        reading = {**FILES, "letters/templates/CMSL5806.typ": f'#read("{path}")'.encode()}
        assert "cannot be set" in check_templates(reading)[0]
