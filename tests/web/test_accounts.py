"""Accounts: the first one outside a demonstration, guesses at passwords, and what a demonstration leaves behind."""

import dataclasses
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select, update
from werkzeug.security import generate_password_hash

from engine import passwords
from engine.errors import SignInRefused
from engine.models import Person, SignInTry
from engine.people import add_person, authenticate
from tests.page import Browser
from tests.world import make_world, open_world
from web import serve, tries
from web.app import create_app
from web.demo_people import PASSWORD, PEOPLE
from web.security import keep_private
from web.tries import MOST, MOST_OF_NAME, MOST_OF_PLACE, SPAN

SECRET = "a long enough secret"


@pytest.fixture
def command(world):
    runner = create_app(world=world).test_cli_runner()
    return lambda *words, typed="": runner.invoke(args=["add-person", *words], input=typed)


def people(world):
    with world.db.read() as connection:
        return connection.execute(select(func.count()).select_from(Person)).scalar_one()


def test_the_first_account_is_added_by_a_command_and_signs_in(command, world):
    said = command("olga", "--name", "Olga Example", "--group", "operations", typed=f"{SECRET}\n")
    assert (said.exit_code, said.output) == (0, "Olga Example may sign in as olga.\n")
    page = Browser(create_app(world=world)).sign_in("olga", SECRET)
    assert page.heading == "Instances"


@pytest.mark.parametrize(
    ("username", "group", "typed", "sentence"),
    [
        ("Olga Example", "operations", SECRET, "A user name has 2 to 40 small letters"),
        ("olga", "nobodies", SECRET, "There is no group nobodies."),
        ("olga", "operations", "short", "The password must have 12 characters or more."),
        ("olga", "operations", "", "The password must have 12 characters or more."),
    ],
)
def test_an_account_that_will_not_do_is_refused_and_not_added(command, world, username, group, typed, sentence):
    said = command(username, "--name", "Olga Example", "--group", group, typed=f"{typed}\n")
    assert said.exit_code == 1
    assert sentence in said.output
    assert people(world) == 0


def test_an_account_is_not_added_twice(command, world):
    for exit_code in (0, 1):
        said = command("olga", "--name", "Olga Example", "--group", "operations", typed=f"{SECRET}\n")
        assert said.exit_code == exit_code
    assert people(world) == 1


def test_an_empty_start_outside_a_demonstration_has_no_accounts(world):
    serve.refuse_demo_accounts(world)
    assert people(world) == 0
    page = Browser(create_app(world=world)).sign_in(PEOPLE[0].username, PASSWORD)
    assert page.status == 422


def test_what_a_demonstration_left_is_not_served_in_earnest(tmp_path):
    world = make_world(tmp_path, demo=False)
    with world.db.write() as connection:
        add_person(connection, username="olive", name="Olive", job_title="", password=PASSWORD, groups=["owning_team"])
    with pytest.raises(serve.DemoAccountsLeft, match="olive"):
        serve.refuse_demo_accounts(world)
    world.db.close()


def test_guessing_a_password_has_to_wait_and_the_right_one_too(app, deployed):
    page = Browser(app)
    for _ in range(MOST):
        assert page.sign_in("operations", "wrong").status == 422
    page.sign_in("operations")
    assert page.status == 429
    assert "Wait 5 minutes" in page.text
    assert Browser(app).sign_in("analyst").status == 200
    deployed.clock.move_to(deployed.clock.now() + SPAN + timedelta(seconds=1))
    assert page.sign_in("operations").heading == "Instances"


def test_signing_in_forgets_the_wrong_passwords_before_it(app):
    for _ in range(2):
        for _ in range(MOST - 1):
            Browser(app).sign_in("operations", "wrong")
        assert Browser(app).sign_in("operations").status == 200


@pytest.fixture
def usual_mask():
    """Put the mask of new files back, which belongs to the whole process."""
    mask = os.umask(0o022)
    yield
    os.umask(mask)


@pytest.mark.usefixtures("usual_mask")
def test_data_is_kept_from_other_users_of_the_machine(tmp_path):
    data = tmp_path / "data"
    (data / "spool").mkdir(parents=True, mode=0o755)
    for name in ("redress.db", "redress.db-wal", "lock"):
        (data / name).touch(mode=0o644)
    keep_private(data)
    keep_private(tmp_path / "new")
    (made := make_world(tmp_path / "new")).db.close()
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in data.iterdir()} == {
        "redress.db": 0o600,
        "redress.db-wal": 0o600,
        "lock": 0o600,
        "spool": 0o700,
    }
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    if made.db.is_sqlite:
        assert stat.S_IMODE((tmp_path / "new" / "redress.db").stat().st_mode) == 0o600


def test_a_cookie_that_was_copied_is_worth_nothing_after_sign_out(command, world):
    command("olga", "--name", "Olga Example", "--group", "operations", typed=f"{SECRET}\n")
    app = create_app(world=world)
    page = Browser(app).sign_in("olga", SECRET)
    thief = Browser(app)
    thief.client.set_cookie("redress", page.client.get_cookie("redress").value)
    assert thief.visit("/").heading == "Instances"
    page.press("Sign out")
    assert thief.visit("/").heading == "Sign in"
    assert page.sign_in("olga", SECRET).heading == "Instances"


def test_no_redirect_repeats_what_a_visitor_calls_us(world):
    world.settings = dataclasses.replace(world.settings, host="0.0.0.0")
    answer = create_app(world=world).test_client().get("/cases", headers={"Host": "elsewhere.example"})
    assert answer.status_code == 302
    assert "elsewhere" not in answer.headers["Location"]


def run(world, *words, typed=""):
    return create_app(world=world).test_cli_runner().invoke(args=list(words), input=typed)


def test_a_password_is_changed_by_a_command_and_ends_what_the_old_one_opened(command, world):
    command("olga", "--name", "Olga Example", "--group", "operations", typed=f"{SECRET}\n")
    app = create_app(world=world)
    page = Browser(app).sign_in("olga", SECRET)
    said = run(world, "change-password", "olga", typed="quite another secret\n")
    assert (said.exit_code, said.output) == (0, "Olga Example signs in with the new password from now on.\n")
    assert page.visit("/").heading == "Sign in"
    assert page.sign_in("olga", SECRET).status == 422
    assert page.sign_in("olga", "quite another secret").heading == "Instances"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("short", "12 characters or more"),
        ("x" * 201, "200 characters or fewer"),
        ("aaaaaaaaaaaaa", "too easy to guess"),
        ("olgaolgaolga", "too easy to guess"),
    ],
)
def test_a_password_that_will_not_do_changes_nothing(command, world, typed, sentence):
    command("olga", "--name", "Olga Example", "--group", "operations", typed=f"{SECRET}\n")
    said = run(world, "change-password", "olga", typed=f"{typed}\n")
    assert said.exit_code == 1
    assert sentence in said.output
    assert Browser(create_app(world=world)).sign_in("olga", SECRET).heading == "Instances"


def test_somebody_who_is_locked_out_is_signed_out_and_told_no_more_than_a_stranger(command, world):
    command("olga", "--name", "Olga Example", "--group", "operations", typed=f"{SECRET}\n")
    app = create_app(world=world)
    page = Browser(app).sign_in("olga", SECRET)
    assert run(world, "lock-person", "olga").exit_code == 0
    assert page.visit("/").heading == "Sign in"
    assert "The user name or the password is not right" in page.sign_in("olga", SECRET).text
    assert "olga  Olga Example  operations  locked" in run(world, "list-people").output
    assert run(world, "unlock-person", "olga").exit_code == 0
    assert page.sign_in("olga", SECRET).heading == "Instances"
    assert run(world, "list-people").output == "olga  Olga Example  operations\n"


@pytest.mark.parametrize("verb", ["change-password", "lock-person", "unlock-person"])
def test_an_account_that_is_not_there_is_named(world, verb):
    said = run(world, verb, "nobody", typed=f"{SECRET}\n")
    assert said.exit_code == 1
    assert "There is no account nobody." in said.output


def test_passwords_are_kept_with_argon2_and_old_hashes_are_replaced_at_the_next_sign_in(command, world):
    command("olga", "--name", "Olga Example", "--group", "operations", typed=f"{SECRET}\n")
    assert stored(world).startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    with world.db.write() as connection:
        connection.execute(update(Person).values(password_hash=generate_password_hash(SECRET, "scrypt:16384:8:1")))
    page = Browser(create_app(world=world))
    assert page.sign_in("olga", "not the one").status == 422
    assert stored(world).startswith("scrypt:")
    assert page.sign_in("olga", SECRET).heading == "Instances"
    assert stored(world).startswith("$argon2id$")
    page.press("Sign out")
    assert page.sign_in("olga", SECRET).heading == "Instances"


@pytest.mark.parametrize("kept", ["", "x", "$argon2id$broken", "scrypt:1", "md5$a$b"])
def test_a_hash_that_cannot_be_read_lets_nobody_in(kept):
    assert not passwords.matches(kept, SECRET)
    assert not passwords.matches(kept, "")


@pytest.mark.parametrize("typed", ["\ud800", "x" * 100_000, "\0", "é"])
def test_any_text_can_be_tried_as_a_password(typed):
    assert not passwords.matches(None, typed)
    assert passwords.matches(passwords.hash_password(typed), typed)


def test_an_unknown_name_costs_as_much_as_a_wrong_password(command, world, monkeypatch):
    command("olga", "--name", "Olga Example", "--group", "operations", typed=f"{SECRET}\n")
    checked = []
    check = PasswordHasher.verify
    monkeypatch.setattr(
        PasswordHasher, "verify", lambda self, kept, typed: checked.append(kept) or check(self, kept, typed)
    )
    for username in ("olga", "nobody"):
        with pytest.raises(SignInRefused):
            authenticate(world, username, "not the one")
    assert [kept.rpartition("$")[0].rpartition("$")[0] for kept in checked] == ["$argon2id$v=19$m=19456,t=2,p=1"] * 2


def stored(world):
    with world.db.read() as connection:
        return connection.execute(select(Person.password_hash)).scalar_one()


def begin(world, username, place):
    return tries.begin(world, b"key", username, place)


def test_guesses_at_one_name_from_many_places_have_to_wait(world):
    allowed = [begin(world, "olga", f"192.0.2.{place}") for place in range(MOST_OF_NAME + 1)]
    assert allowed == [True] * MOST_OF_NAME + [False]
    assert begin(world, "other", "192.0.2.1")


def test_guesses_at_many_names_from_one_place_have_to_wait(world):
    allowed = [begin(world, f"name{number}", "192.0.2.1") for number in range(MOST_OF_PLACE + 1)]
    assert allowed == [True] * MOST_OF_PLACE + [False]
    assert begin(world, "name1", "192.0.2.2")


def test_one_network_of_many_addresses_is_one_place(world):
    allowed = [begin(world, "olga", f"2001:db8::{number:x}") for number in range(MOST + 1)]
    assert allowed == [True] * MOST + [False]
    assert begin(world, "olga", "2001:db8:0:1::1")


def test_signing_in_forgets_nobody_elses_guesses(world):
    for number in range(MOST_OF_NAME):
        assert begin(world, "olga", f"192.0.2.{number}")
    tries.forget(world, b"key", "olga", "192.0.2.0")
    assert begin(world, "olga", "198.51.100.1")
    assert not begin(world, "olga", "198.51.100.2")


def test_processes_count_together_and_of_many_guesses_at_once_none_is_one_too_many(world, tmp_path):
    other = open_world(tmp_path)
    with ThreadPoolExecutor(8) as many:
        allowed = list(many.map(lambda here: begin(here, "olga", "192.0.2.1"), [world, other] * MOST))
    other.db.close()
    assert allowed.count(True) == MOST


def test_what_was_tried_is_kept_for_some_minutes_without_the_name_or_the_place(world):
    begin(world, "my password, by mistake", "192.0.2.1")
    world.clock.move_to(world.clock.now() + SPAN + timedelta(seconds=1))
    begin(world, "olga", "192.0.2.1")
    with world.db.read() as connection:
        [row] = connection.execute(select(SignInTry.__table__))
    assert not {"olga", "192.0.2.1"} & {row.name, row.place}
