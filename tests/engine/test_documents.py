"""Evidence: attached to a task and so to its step, listed, removed, required, told in history."""

from __future__ import annotations

from typing import Any

import pytest

from engine import documents, history, tasks
from engine.attachments import attached_to_task
from engine.documents import ASIDE, Upload, clean_name
from engine.errors import NotFound, TaskAlreadyCompleted, TaskNotClaimed, TaskNotYours, ValuesRefused
from engine.file_kinds import specimen
from engine.models import Blob, Document, History, Note, Submission
from engine.values import loads
from tests import tiny
from tests.stage import Stage

DICTIONARY = """
[fields.proof]
type = "documents"
label = "Proof"
[fields.photos]
type = "documents"
label = "Photos"
"""
PROOF = {"type": "filepicker", "key": "proof", "label": "Proof", "validate": {"required": True}}
PHOTOS = {"type": "filepicker", "key": "photos", "label": "Photos", "multiple": True, "accept": ".png,.jpg"}
PDF = Upload("letter.pdf", specimen("letter.pdf"))
PNG = Upload("photo.png", specimen("photo.png"))


@pytest.fixture
def asked(stage: Stage) -> Stage:
    """A case with a task that asks for files; the caseworker holds it."""
    body = (
        tiny.node("startEvent", "start"),
        tiny.user_task("ask_proof", form="proof", step="Review 14"),
        tiny.user_task("later", form="ask"),
        tiny.node("endEvent", "end"),
        tiny.chain("start", "ask_proof", "later", "end"),
    )
    stage.deploy(*body, forms={"proof": tiny.form("proof", PROOF, PHOTOS)}, dictionary=DICTIONARY)
    stage.start()
    tasks.claim(stage.world, stage.task_id("ask_proof"), actor=stage.caseworker)
    return stage


def attach(stage: Stage, field: str, *uploads: Upload, by: Any = None) -> list[int]:
    return documents.attach_to_task(
        stage.world, stage.task_id("ask_proof"), field, uploads, actor=by or stage.caseworker
    )


def complete(stage: Stage, **values: object) -> Any:
    return tasks.complete(stage.world, stage.task_id("ask_proof"), values, actor=stage.caseworker)


def names(stage: Stage) -> list[tuple[str, str]]:
    with stage.world.db.read() as connection:
        return [(row.field, row.file_name) for row in attached_to_task(connection, stage.task("ask_proof"))]


def refusal(stage: Stage, field: str, *uploads: Upload) -> str:
    with pytest.raises(ValuesRefused) as refused:
        attach(stage, field, *uploads)
    assert refused.value.problems.keys() == {field}
    return refused.value.problems[field]


def test_a_file_is_kept_with_its_task_step_case_and_who_attached_it(asked: Stage) -> None:
    [document_id] = attach(asked, "proof", Upload("C:\\mail\\Letter  of\t3 March.PDF", PDF.content))
    [row] = asked.rows(Document)
    assert (row.document_id, row.kind, row.file_name, row.title) == (
        document_id,
        "evidence",
        "Letter of 3 March.pdf",
        "Letter of 3 March.pdf",
    )
    task = asked.task("ask_proof")
    assert (row.case_id, row.instance_id, row.task_id, row.step) == (
        asked.case_id,
        task.instance_id,
        task.task_id,
        "Review 14",
    )
    assert (row.media_type, row.created_by_id) == ("application/pdf", asked.caseworker.person_id)
    assert [blob.content for blob in asked.rows(Blob)] == [PDF.content]


def test_a_required_file_must_be_attached_before_the_task_is_completed(asked: Stage) -> None:
    with pytest.raises(ValuesRefused) as refused:
        complete(asked)
    assert refused.value.problems == {"proof": "Attach proof"}
    complete(asked, proof=attach(asked, "proof", PDF))
    assert asked.open_tasks() == ["later"]


def test_only_evidence_of_the_same_case_is_an_answer(asked: Stage) -> None:
    other = documents.attach_to_case(
        asked.world, asked.open_case("CM-2"), PDF, title="", request_id=None, actor=asked.caseworker
    )
    for forged in ([other], [999], ["1"], [True], 1, [other, other]):
        with pytest.raises(ValuesRefused) as refused:
            complete(asked, proof=forged)
        assert refused.value.problems.keys() == {"proof"}
    one, two = attach(asked, "photos", PNG, Upload("b.jpg", specimen("b.jpg")))
    with pytest.raises(ValuesRefused, match="one file only"):
        complete(asked, proof=[one, two])
    complete(asked, proof=attach(asked, "proof", PDF), photos=[one, two])


def test_history_tells_who_attached_what_and_keeps_names_out_of_the_chain(asked: Stage) -> None:
    complete(asked, proof=attach(asked, "proof", PDF))
    [row] = [row for row in asked.rows(History) if row.kind == "attached"]
    assert row.actor == asked.caseworker.actor.key
    assert row.element_id == "ask_proof"
    assert "letter.pdf" not in row.data
    [told] = [s for s in asked.rows(Submission) if s.seq == row.seq]
    assert loads(told.values) == {"files": ["letter.pdf"]}
    [document] = loads(row.data)["documents"]
    assert document["sha256"] == asked.rows(Document)[0].sha256
    with asked.world.db.read() as connection:
        assert history.verify(connection, row.instance_id) is None


def test_only_the_holder_of_an_open_task_attaches_and_removes(asked: Stage) -> None:
    [document_id] = attach(asked, "proof", PDF)
    task_id = asked.task_id("ask_proof")
    with pytest.raises(TaskNotYours):
        attach(asked, "proof", PDF, by=asked.colleague)
    with pytest.raises(TaskNotYours):
        documents.remove_from_task(asked.world, task_id, document_id, actor=asked.colleague)
    tasks.release(asked.world, task_id, actor=asked.caseworker)
    with pytest.raises(TaskNotClaimed):
        attach(asked, "proof", PDF)
    tasks.claim(asked.world, task_id, actor=asked.caseworker)
    complete(asked, proof=[document_id])
    with pytest.raises(TaskAlreadyCompleted):
        documents.attach_to_task(asked.world, task_id, "proof", [PDF], actor=asked.caseworker)
    with pytest.raises(TaskAlreadyCompleted):
        documents.remove_from_task(asked.world, task_id, document_id, actor=asked.caseworker)
    assert len(asked.rows(Document)) == 1


def test_what_is_removed_leaves_nothing_unless_another_document_has_the_same_bytes(asked: Stage) -> None:
    kept = documents.attach_to_case(asked.world, asked.case_id, PDF, title="", request_id=None, actor=asked.caseworker)
    [proof] = attach(asked, "proof", PDF)
    [photo] = attach(asked, "photos", PNG)
    task_id = asked.task_id("ask_proof")
    for document_id in (proof, photo):
        documents.remove_from_task(asked.world, task_id, document_id, actor=asked.caseworker)
    assert [row.document_id for row in asked.rows(Document)] == [kept]
    assert [blob.content for blob in asked.rows(Blob)] == [PDF.content]
    with pytest.raises(NotFound):
        documents.remove_from_task(asked.world, task_id, kept, actor=asked.caseworker)


def test_a_file_that_is_sent_twice_is_attached_once(asked: Stage) -> None:
    assert attach(asked, "photos", PNG) == attach(asked, "photos", PNG)
    assert attach(asked, ASIDE, PDF, PDF)[0] == attach(asked, ASIDE, PDF)[0]
    assert names(asked) == [("photos", "photo.png"), (ASIDE, "letter.pdf")]


def test_files_that_are_not_taken_are_refused_and_none_of_those_sent_with_them_is_kept(asked: Stage) -> None:
    assert "cannot be attached" in refusal(asked, ASIDE, PDF, Upload("run.exe", b"MZ"))
    assert "Choose a PNG or JPEG file" in refusal(asked, "photos", PNG, PDF)
    assert "is empty" in refusal(asked, "proof", Upload("a.pdf", b""))
    assert "although its name says so" in refusal(asked, "proof", Upload("a.pdf", PNG.content))
    large = PDF.content + bytes(asked.world.settings.upload_megabytes * 1_000_000)
    assert refusal(asked, "proof", Upload("a.pdf", large)).startswith("“a.pdf” is larger than 10 MB.")
    assert asked.rows(Document) == asked.rows(Blob) == []


def test_a_question_for_one_file_takes_one_and_no_question_takes_any_number(asked: Stage) -> None:
    attach(asked, "proof", PDF)
    assert "Only one file can be attached here" in refusal(asked, "proof", Upload("b.txt", b"more"))
    many = [Upload(f"{number}.txt", str(number).encode()) for number in range(documents.MAX_FILES + 1)]
    assert refusal(asked, ASIDE, *many) == "Attach 20 files or fewer"


def test_a_file_is_attached_only_where_one_is_asked_for(asked: Stage) -> None:
    for field in ("answer", "nothing", ""):
        with pytest.raises(NotFound):
            attach(asked, field, PDF)


def test_a_file_on_the_case_has_a_title_and_a_note_says_who_attached_it(asked: Stage) -> None:
    document_id = documents.attach_to_case(
        asked.world, asked.case_id, PDF, title="Letter of 3 March", request_id=None, actor=asked.colleague
    )
    [row] = asked.rows(Document)
    assert (row.document_id, row.title, row.task_id) == (document_id, "Letter of 3 March", None)
    [note] = asked.rows(Note)
    assert (note.text, note.author_id) == (
        "Attached “Letter of 3 March” (letter.pdf).",
        asked.colleague.person_id,
    )
    with pytest.raises(NotFound):
        documents.attach_to_case(asked.world, asked.case_id, PDF, title="", request_id=99, actor=asked.colleague)
    with pytest.raises(ValuesRefused):
        documents.attach_to_case(
            asked.world, asked.case_id, PDF, title="x" * 121, request_id=None, actor=asked.colleague
        )


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("..\\..\\boot.PDF", "boot.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "a Set-Cookie_ x.pdf"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("...pdf", "pdf"),
        ("x" * 300 + ".pdf", "x" * 110 + ".pdf"),
        ("Cafe\u0301.txt", "Café.txt"),
        ("a.b.c.odt", "a.b.c.odt"),
        ("\0", "document"),
        ("", "document"),
        ('q"<uote>.png', "q__uote_.png"),
    ],
)
def test_a_name_is_kept_without_what_could_deceive(sent: str, kept: str) -> None:
    assert clean_name(sent) == kept
