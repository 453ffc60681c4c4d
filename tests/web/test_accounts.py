"""Accounts: the first one outside a demonstration, guesses at passwords, and what a demonstration leaves behind."""

import os
import stat
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from engine.models import Person
from engine.people import add_person
from tests.page import Browser
from tests.world import make_world
from web import serve
from web.app import create_app
from web.demo_people import PASSWORD, PEOPLE
from web.security import keep_private
from web.tries import MOST, SPAN

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
    make_world(tmp_path / "new").db.close()
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in data.iterdir()} == {
        "redress.db": 0o600,
        "redress.db-wal": 0o600,
        "lock": 0o600,
        "spool": 0o700,
    }
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
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
    answer = create_app(world=world).test_client().get("/cases", headers={"Host": "elsewhere.example"})
    assert answer.status_code == 302
    assert "elsewhere" not in answer.headers["Location"]
