"""Letters that the client can read, at the right address: versions that others make, representatives, email.

Small diagrams, a real database, the real spool: what a print room, a translator and a client would find.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from engine import cases, dispatch
from engine.clock import LONDON
from engine.models import Blob, Case, Document, Outbox, ProcessInstance
from engine.outbox import LEASE
from engine.values import loads
from tests import tiny
from tests.letters.pdf import words_of
from tests.letters.test_layout import ADDRESS, is_within
from tests.stage import Stage

ACKNOWLEDGE = {"letter": "CMSL5829", "facts": "={contact_days: 10}"}
FINAL = {
    "letter": "CMSL5807",
    "slots": '={update: "We have reviewed your complaint."}',
    "paragraphs": '=["TM_09172"]',
    "enclosures": '=["CMSB0011"]',
    "facts": '={caseworker_name: "Casey Demo"}',
}
WELSH = "={translation: true, supplier: false, days: 5}"
BRAILLE = "={translation: false, supplier: true, days: 5}"
NAMES = "".join(
    f'[fields.{name}]\ntype = "{kind}"\nlabel = "{name}"\n'
    for name, kind in (("number", "text"), ("letter_text", "context"), ("letter_problems", "long_text"),
                       ("translated", "list"), ("sent_on", "date"), ("reference", "text"))
)  # fmt: skip
REPRESENTATIVE = {
    "representative_name": "Sam Adviser",
    "representative_organisation": "Example Advice Centre",
    "representative_address": "2 Other Street\nExampletown\nEX1 2EX",
    "representative_authority": True,
    "representative_receives": "copy",
}
MAKE = tiny.service_task("make", "create_request", {"kind": "Review", "main": "=true"})
FORM = tiny.form(
    "give",
    {"type": "datetime", "subtype": "date", "key": "sent_on", "label": "Sent on", "dateLabel": "Sent on"},
    {"type": "textfield", "key": "reference", "label": "Reference"},
)


def client(stage: Stage, **facts: Any) -> int:
    """Open the case of a client with an address, and with what a test knows besides."""
    with stage.world.db.write() as connection:
        return cases.open_case(
            connection,
            stage.world,
            reference=f"CM-{len(stage.rows(Case)) + 1}",
            client_name="Robin Example",
            nation=facts.pop("nation", "england_wales"),
            facts={"client_address": "1 Sample Street\nExampletown\nEX1 1EX", **facts},
        )


def issue(stage: Stage, letter: Any = None, **facts: Any) -> int:
    """Issue a letter to a client, up to its delivery; return the case."""
    stage.deploy(
        tiny.node("startEvent", "begin"),
        MAKE,
        tiny.service_task("send", "issue_letter", letter or ACKNOWLEDGE, 0),
        tiny.user_task("after", form="ask"),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "make", "send", "after", "done"),
        dictionary=NAMES,
    )
    case_id = client(stage, **facts)
    stage.start(case_id=case_id)
    stage.wait_and_work()
    return case_id


def make_readable(stage: Stage, last: str, version: str, letter: dict[str, str], **facts: Any) -> int:
    """Make the text of a letter, ask a person, then run the last service task."""
    stage.deploy(
        tiny.node("startEvent", "begin"),
        MAKE,
        tiny.service_task("text", "make_letter_text", {**letter, "version": version}, 0),
        tiny.user_task("give", form="give"),
        last,
        tiny.user_task("after", form="ask"),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "make", "text", "give", "last", "after", "done"),
        dictionary=NAMES,
        forms={"give": FORM},
    )
    case_id = client(stage, **facts)
    stage.start(case_id=case_id)
    stage.wait_and_work()
    return case_id


def by_supplier(stage: Stage, letter: Any = None, **facts: Any) -> int:
    inputs = {"text": "=letter_text", "dispatched_on": "=sent_on", "reference": "=reference"}
    last = tiny.service_task("last", "record_supplier_dispatch", inputs, 0)
    return make_readable(stage, last, BRAILLE, letter or ACKNOWLEDGE, letter_format="braille_1", **facts)


def by_translator(stage: Stage, numbers: str, letter: Any = None, **facts: Any) -> int:
    inputs = {"text": "=letter_text", "translation": f"={numbers}", "enclosures": "=[]"}
    last = tiny.service_task("last", "issue_translation", inputs, 0)
    return make_readable(stage, last, WELSH, letter or ACKNOWLEDGE, language="cy", **facts)


def upload(stage: Stage, case_id: int, content: bytes = b"%PDF-1.7\nCymraeg\n%%EOF\n") -> int:
    """Attach a file to a case, as evidence is attached."""
    sha256 = hashlib.sha256(content).hexdigest()
    row = {
        "case_id": case_id, "kind": "evidence", "title": "llythyr.pdf", "file_name": "llythyr.pdf", "facts": "{}",
        "media_type": "application/pdf", "sha256": sha256, "created_at": stage.world.clock.now(),
    }  # fmt: skip
    with stage.world.db.write() as connection:
        connection.execute(insert(Blob).values(sha256=sha256, content=content))
        return int(connection.execute(insert(Document).values(**row).returning(Document.document_id)).scalar_one())


def documents(stage: Stage, kind: str) -> list[Any]:
    return [row for row in stage.rows(Document) if row.kind == kind]


def owed(stage: Stage) -> list[Any]:
    return [row for row in stage.rows(Outbox) if row.kind == "letter"]


def printed(stage: Stage) -> list[Path]:
    folder = stage.world.settings.spool_dir / "letters"
    return sorted(folder.glob("[!.]*")) if folder.exists() else []


def window_of(pdf: bytes) -> str:
    return " ".join(word.text for word in words_of(pdf) if word.page == 1 and is_within(word, ADDRESS))


def text_of(pdf: bytes) -> str:
    return " ".join(word.text for word in words_of(pdf))


def refusal(stage: Stage) -> str:
    [incident] = stage.incidents()
    assert (stage.rows(Document), owed(stage)) == ([], [])
    return str(incident.message)


# ---------------------------------------------------------------- never English in print to who cannot read it


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"language": "cy"}, "must be translated first"),
        ({"language": "cy", "nation": "northern_ireland"}, "not offered in this nation"),
        ({"letter_format": "braille_1"}, "cannot read what we print"),
        ({"letter_format": "audio"}, "cannot read what we print"),
        ({"letter_format": "something new"}, "cannot read what we print"),
    ],
)
def test_a_letter_is_never_printed_for_who_cannot_read_it_whatever_the_diagram_asks(
    stage: Stage, facts: dict[str, str], sentence: str
) -> None:
    issue(stage, **facts)
    assert sentence in refusal(stage)
    assert printed(stage) == []


def test_braille_does_not_stand_in_for_welsh(stage: Stage) -> None:
    issue(stage, {**ACKNOWLEDGE, "version": BRAILLE}, language="cy", letter_format="braille_1")
    assert "must be translated first" in refusal(stage)


# ---------------------------------------------------------------- made by a supplier


def test_the_supplier_is_given_the_text_and_nothing_leaves_the_house(stage: Stage) -> None:
    by_supplier(stage, FINAL)
    [text] = documents(stage, "text")
    assert text.title == "Keeping you informed about your complaint: English text"
    assert text.dispatched_at is None
    assert (documents(stage, "letter"), owed(stage), printed(stage)) == ([], [], [])
    known = loads(stage.rows(ProcessInstance)[0].variables)["process"]["letter_text"]
    [leaflet] = documents(stage, "leaflet")
    assert known["documents"] == [text.document_id, leaflet.document_id]
    assert known["send_to"] == "Robin Example, 1 Sample Street, Exampletown, EX1 1EX"


def test_the_letter_counts_as_issued_on_the_day_on_which_the_supplier_sent_it(stage: Stage) -> None:
    by_supplier(stage)
    stage.wait(timedelta(days=6))
    sent_on = stage.world.clock.now().astimezone(LONDON).date() - timedelta(days=2)
    stage.complete("give", {"sent_on": sent_on, "reference": "Dots Ltd 17"})
    [letter] = documents(stage, "letter")
    assert letter.dispatched_at.astimezone(LONDON) == datetime.combine(sent_on, datetime.min.time(), LONDON).replace(
        hour=12
    )
    assert letter.dispatch_ref == "Dots Ltd 17"
    assert letter.sha256 == documents(stage, "text")[0].sha256
    told = loads(stage.rows(ProcessInstance)[0].variables)["process"]["letter"]
    assert (told["dispatched_on"], told["dispatched_at"]) == (sent_on, letter.dispatched_at)
    assert (stage.open_tasks(), owed(stage), printed(stage)) == (["after"], [], [])


def test_what_the_supplier_sends_today_was_not_sent_later_than_now(stage: Stage) -> None:
    by_supplier(stage)
    today = stage.world.clock.now().astimezone(LONDON).date()
    stage.complete("give", {"sent_on": today, "reference": "Dots"})
    assert documents(stage, "letter")[0].dispatched_at <= stage.world.clock.now()


# ---------------------------------------------------------------- translated


def test_the_translation_is_dispatched_once_with_the_english_text(stage: Stage) -> None:
    case_id = by_translator(stage, "[2]")
    number = upload(stage, case_id)
    assert number == 2
    stage.complete("give", {})
    assert (documents(stage, "letter")[0].dispatched_at, printed(stage)) == (None, [])
    stage.wait_and_work(timedelta(minutes=1))
    stage.wait_and_work(LEASE * 2)
    [letter] = documents(stage, "letter")
    assert letter.title == "Keeping you informed about your complaint: Welsh"
    assert letter.dispatched_at is not None
    [english_file, welsh_file] = printed(stage)
    assert welsh_file.read_bytes() == b"%PDF-1.7\nCymraeg\n%%EOF\n"
    assert english_file.name == welsh_file.name.replace(".pdf", "-enclosure-1.pdf")
    assert "Dear Robin Example" in text_of(english_file.read_bytes())
    assert len(owed(stage)) == 1
    [english] = documents(stage, "text")
    assert english.dispatched_at == letter.dispatched_at
    assert stage.open_tasks() == ["after"]


def test_a_document_of_another_case_is_not_taken_as_a_translation(stage: Stage) -> None:
    other = client(stage)
    number = upload(stage, other)
    by_translator(stage, f"[{number}]")
    stage.complete("give", {})
    assert "is not on this case" in stage.incidents()[0].message
    assert (documents(stage, "letter"), owed(stage)) == ([], [])


# ---------------------------------------------------------------- who gets it, and where


def test_letters_go_to_the_address_for_letters_where_there_is_one(stage: Stage) -> None:
    issue(stage, correspondence_address="PO Box 7\nExampletown\nEX1 7EX")
    [file] = printed(stage)
    assert window_of(file.read_bytes()) == "Robin Example PO Box 7 Exampletown EX1 7EX"


def test_a_representative_gets_a_copy_of_their_own_once(stage: Stage) -> None:
    issue(stage, FINAL, **REPRESENTATIVE)
    stage.wait_and_work(LEASE * 2)
    [letter], [copy] = documents(stage, "letter"), documents(stage, "copy")
    assert copy.title == "Keeping you informed about your complaint: copy for the representative"
    assert [row.state for row in owed(stage)] == ["sent", "sent"]
    assert letter.dispatched_at is not None
    assert copy.dispatched_at is not None
    files = {path.name: path.read_bytes() for path in printed(stage)}
    [copied] = [content for name, content in files.items() if name.endswith("-copy.pdf")]
    assert window_of(copied) == "Sam Adviser Example Advice Centre 2 Other Street Exampletown EX1 2EX"
    assert "Copy for Sam Adviser, Example Advice Centre, who acts for Robin Example." in text_of(copied)
    [own] = [files[name] for name in files if name == letter.dispatch_ref]
    assert window_of(own) == "Robin Example 1 Sample Street Exampletown EX1 1EX"
    assert "Sam Adviser" not in text_of(own)
    assert len(files) == 4  # each with its leaflet
    assert stage.open_tasks() == ["after"]


def test_a_copy_with_its_leaflet_is_in_the_print_that_the_representative_reads(stage: Stage) -> None:
    issue(stage, FINAL, **REPRESENTATIVE, representative_print="large_print_18")
    [letter], [copy] = documents(stage, "letter"), documents(stage, "copy")
    assert [loads(one.facts)["text_size"] for one in (letter, copy)] == [12, 18]
    assert [loads(one.facts)["text_size"] for one in documents(stage, "leaflet")] == [12, 18]
    own, copied = (loads(row.payload) for row in sorted(owed(stage), key=lambda row: row.key.endswith("-copy")))
    assert own["enclosures"] != copied["enclosures"]


def test_a_copy_of_a_letter_in_welsh_encloses_what_the_client_was_sent(stage: Stage) -> None:
    number = upload(stage, by_translator(stage, "[2]", **REPRESENTATIVE))
    stage.complete("give", {})
    [copied] = [loads(row.payload) for row in owed(stage) if row.key.endswith("-copy")]
    assert copied["enclosures"] == [number]


def test_letters_instead_of_the_clients_are_in_the_print_that_the_representative_reads(stage: Stage) -> None:
    issue(stage, **{**REPRESENTATIVE, "representative_receives": "instead"}, representative_print="large_print_16")
    assert loads(documents(stage, "letter")[0].facts)["text_size"] == 16


def test_the_clock_runs_from_the_clients_letter_and_not_from_the_copy(stage: Stage) -> None:
    send = tiny.node(
        "serviceTask",
        "send",
        tiny.extensions(
            '<zeebe:taskDefinition type="issue_letter" />', tiny.mapping(ACKNOWLEDGE, {"result": "=letter"})
        ),
    )
    after = tiny.user_task("after", form="ask")
    flow = tiny.chain("begin", "make", "send", "after", "done")
    stage.deploy(
        tiny.node("startEvent", "begin"), MAKE, send, after, tiny.node("endEvent", "done"), flow, dictionary=NAMES
    )
    stage.start(case_id=client(stage, **REPRESENTATIVE))
    real = stage.world.deliveries["letter"]

    def only_copies(world: Any, one: Any) -> Any:
        if not one.key.endswith("-copy"):
            raise OSError("the print room is closed")
        return real(world, one)

    stage.world.deliveries = {**stage.world.deliveries, "letter": only_copies}
    stage.wait_and_work()
    assert (documents(stage, "copy")[0].dispatched_at is not None, stage.open_tasks()) == (True, [])
    stage.world.deliveries = {**stage.world.deliveries, "letter": real}
    stage.wait_and_work(timedelta(hours=1))
    assert stage.open_tasks() == ["after"]
    told = loads(stage.rows(ProcessInstance)[0].variables)["process"]["result"]
    assert told["document"] == documents(stage, "letter")[0].document_id
    assert told["dispatched_at"] == stage.world.clock.now()


def test_a_copy_of_a_letter_in_braille_is_printed_when_the_supplier_has_sent_it(stage: Stage) -> None:
    by_supplier(stage, **REPRESENTATIVE)
    stage.wait_and_work(timedelta(days=3))
    assert documents(stage, "copy") == []
    today = stage.world.clock.now().astimezone(LONDON).date()
    stage.complete("give", {"sent_on": today, "reference": "Dots"})
    stage.wait_and_work()
    [file] = printed(stage)
    assert window_of(file.read_bytes()).startswith("Sam Adviser")
    assert documents(stage, "copy")[0].dispatched_at is not None


@pytest.mark.parametrize("authority", [None, False])
@pytest.mark.parametrize("receives", ["copy", "instead"])
def test_a_representative_without_authority_on_file_gets_nothing(
    stage: Stage, authority: bool | None, receives: str
) -> None:
    issue(stage, **{**REPRESENTATIVE, "representative_authority": authority, "representative_receives": receives})
    [file] = printed(stage)
    assert window_of(file.read_bytes()) == "Robin Example 1 Sample Street Exampletown EX1 1EX"
    assert documents(stage, "copy") == []


def test_a_representative_who_gets_letters_instead_of_the_client_gets_the_only_one(stage: Stage) -> None:
    issue(stage, **{**REPRESENTATIVE, "representative_receives": "instead", "client_address": ""})
    [file] = printed(stage)
    assert window_of(file.read_bytes()).startswith("Sam Adviser Example Advice Centre 2 Other Street")
    assert "Sent to Sam Adviser, Example Advice Centre, who acts for Robin Example." in text_of(file.read_bytes())
    assert len(owed(stage)) == 1


def test_a_member_of_parliament_who_complained_is_not_who_the_letter_goes_to(stage: Stage) -> None:
    issue(stage, **{"mp_name": "Marlow Member"})
    [file] = printed(stage)
    assert window_of(file.read_bytes()).startswith("Robin Example")


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"client_address": ""}, "Record it with the client's details"),
        ({**REPRESENTATIVE, "representative_address": ""}, "there is no address of theirs on the case"),
        (
            {**REPRESENTATIVE, "representative_name": "", "representative_organisation": None},
            "there is no name of theirs",
        ),
        ({"letter_delivery": "email"}, "no email address that could be right"),
        ({"letter_delivery": "email", "email": "robin at example"}, "no email address that could be right"),
        (
            {"letter_delivery": "email", "email": "a@b.example\nBcc: x@y.example"},
            "no email address that could be right",
        ),
    ],
)
def test_what_cannot_be_sent_is_refused_with_what_to_do(stage: Stage, facts: dict[str, Any], sentence: str) -> None:
    issue(stage, **facts)
    assert sentence in refusal(stage)


def test_a_client_who_wants_nothing_by_post_gets_the_letter_and_its_leaflet_by_email(stage: Stage) -> None:
    issue(stage, FINAL, letter_delivery="email", email="robin@client.example", client_address="")
    assert printed(stage) == []
    [file] = (stage.world.settings.spool_dir / "email").glob("[!.]*")
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert message["To"] == "robin@client.example"
    assert [part.get_content_type() for part in message.iter_attachments()] == ["application/pdf"] * 2
    assert all(row.dispatched_at for row in stage.rows(Document))


# ---------------------------------------------------------------- nothing about anybody else


def test_a_letter_keeps_and_says_nothing_of_the_other_parent(stage: Stage) -> None:
    secrets = {"other_parent_name": "Secret Person", "other_parent_address": "9 Hidden Lane", "phone": "01632 960999"}
    issue(stage, FINAL, **secrets, **REPRESENTATIVE)
    for row in stage.rows(Document):
        for secret in secrets.values():
            assert secret not in row.facts
    for file in printed(stage):
        assert not {"Secret", "Hidden", "960999"} & set(text_of(file.read_bytes()).split())
    assert all(secret not in row.payload for row in owed(stage) for secret in secrets.values())


def test_delivering_twice_prints_once(stage: Stage) -> None:
    issue(stage, FINAL, **REPRESENTATIVE)
    names = [path.name for path in printed(stage)]
    stage.wait(LEASE * 3)
    assert dispatch.deliver_due(stage.world) == 0
    assert [path.name for path in printed(stage)] == names
