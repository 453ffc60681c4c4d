"""A form that is sent twice is acted upon once, on both databases."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest

from engine.errors import SentBefore
from engine.sent_forms import KEPT, note_sent
from tests.stage import Stage


def send(stage: Stage, key: str | None) -> None:
    with stage.world.db.write() as connection:
        note_sent(connection, key, now=stage.world.clock.now())


def test_the_second_of_two_presses_is_told_that_the_first_did_it(stage: Stage) -> None:
    send(stage, "one")
    send(stage, "another")
    with pytest.raises(SentBefore):
        send(stage, "one")


def test_a_form_without_a_key_is_always_acted_upon(stage: Stage) -> None:
    send(stage, None)
    send(stage, None)


def test_what_was_rolled_back_may_be_sent_again(stage: Stage) -> None:
    with suppress(ZeroDivisionError), stage.world.db.write() as connection:
        note_sent(connection, "one", now=stage.world.clock.now())
        raise ZeroDivisionError
    send(stage, "one")


def test_keys_are_forgotten_after_a_day(stage: Stage) -> None:
    send(stage, "one")
    stage.wait(KEPT + timedelta(seconds=1))
    send(stage, "one")
