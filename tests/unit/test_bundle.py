"""A process folder read into an immutable bundle."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.bundle import BundleInvalid, fingerprint, read_bundle
from engine.lint import check_bundle, is_error
from tests.unit.bpmn_text import chain, end, file, process, start, straight, user
from tests.unit.lint_check import KNOWN, process_folder

INNER = file(process(start("s2"), user("t2"), end("e2"), chain("s2", "t2", "e2"), id="p2"))
LETTERS = {"letters/letters.toml": b"x = 1"}


@pytest.fixture
def processes(tmp_path: Path) -> Path:
    root = tmp_path / "processes"
    files = process_folder(straight(("t", user("t")))) | {
        "shared/inner.bpmn": INNER,
        "log/process.toml": 'key = "log"\ntitle = "Log"\nprocess = "l"\n',
        "review/.hidden": "x",
        "review/review.bpmn~": "x",
        ".camunda/element-templates/a.json": "{}",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


def test_a_bundle_holds_the_folder_what_is_shared_and_what_is_lent(processes: Path) -> None:
    bundle = read_bundle(processes / "review", processes_root=processes, extra=LETTERS)
    assert sorted(bundle.files) == [
        "letters/letters.toml",
        "processes/dictionary.toml",
        "processes/groups.toml",
        "processes/review/process.toml",
        "processes/review/review.bpmn",
        "processes/shared/inner.bpmn",
    ]
    assert (bundle.key, bundle.process_id, bundle.title) == ("review", "p", "Review")
    assert bundle.folder == "processes/review"


def test_a_bundle_cannot_be_changed(processes: Path) -> None:
    bundle = read_bundle(processes / "review", processes_root=processes, extra={})
    with pytest.raises(TypeError):
        bundle.files["x"] = b""  # type: ignore[index]


def test_the_fingerprint_tells_of_any_change_and_of_nothing_else(processes: Path) -> None:
    first = read_bundle(processes / "review", processes_root=processes, extra=LETTERS)
    assert read_bundle(processes / "review", processes_root=processes, extra=LETTERS).sha256 == first.sha256
    (processes / "log" / "log.bpmn").write_text("another process")
    assert read_bundle(processes / "review", processes_root=processes, extra=LETTERS).sha256 == first.sha256
    (processes / "shared" / "new.form").write_text("{}")
    assert read_bundle(processes / "review", processes_root=processes, extra=LETTERS).sha256 != first.sha256


def test_the_border_between_a_path_and_its_content_counts() -> None:
    assert fingerprint({"ab": b"c"}) != fingerprint({"a": b"bc"})
    assert fingerprint({"a": b"1", "b": b"2"}) == fingerprint({"b": b"2", "a": b"1"})


def test_a_folder_without_its_title_page_is_refused(processes: Path) -> None:
    with pytest.raises(BundleInvalid, match=r"process\.toml"):
        read_bundle(processes / "shared", processes_root=processes, extra={})
    (processes / "review" / "process.toml").write_text('title = "x"')
    with pytest.raises(BundleInvalid, match="process"):
        read_bundle(processes / "review", processes_root=processes, extra={})


def test_a_bundle_is_checked_with_what_it_shares(processes: Path) -> None:
    bundle = read_bundle(processes / "review", processes_root=processes, extra=LETTERS)
    assert not any(map(is_error, check_bundle(bundle, known=KNOWN)))
    (processes / "shared" / "inner.bpmn").write_text("broken")
    broken = read_bundle(processes / "review", processes_root=processes, extra=LETTERS)
    errors = [f for f in check_bundle(broken, known=KNOWN) if is_error(f)]
    assert [(f.file, f.rule) for f in errors] == [("processes/shared/inner.bpmn", "not-well-formed")]


def test_two_diagrams_that_are_deployed_together_may_not_share_an_id(processes: Path) -> None:
    (processes / "shared" / "inner.bpmn").write_text(INNER.replace('"t2"', '"t"'), encoding="utf-8")
    bundle = read_bundle(processes / "review", processes_root=processes, extra=LETTERS)
    assert ("duplicate-id", "t") in {(f.rule, f.element) for f in check_bundle(bundle, known=KNOWN)}
