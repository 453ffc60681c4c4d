"""The commands of `flask --app web`, and the demonstration that a first start fills."""

import json
import shutil

import pytest
from sqlalchemy import func, select

from engine import bank_holidays, definitions
from engine.models import Case, Person, ProcessInstance, UserTask
from engine.world import DEPLOYMENT
from tests.page import Browser
from tests.world import PROCESSES, close_whole, copy_world, make_world, open_world
from web import demo, demo_clock
from web.app import create_app
from web.demo_people import PASSWORD, PEOPLE


@pytest.fixture
def run(world):
    app = create_app(world=world)
    return lambda *words: app.test_cli_runner().invoke(args=words)


def test_check_finds_nothing_in_our_own_processes(run):
    answer = run("check", str(PROCESSES))
    assert answer.output.endswith("0 errors, 0 warnings.\n")
    assert answer.exit_code == 0


def test_check_prints_json_and_exits_1_for_an_error(run, tmp_path):
    broken = tmp_path / "broken.bpmn"
    broken.write_text("<!DOCTYPE x><x/>")
    answer = run("check", "--json", str(broken))
    findings = json.loads(answer.output)
    assert answer.exit_code == 1
    assert set(findings[0]) == {"file", "element", "rule", "severity", "message"}
    assert findings[0]["rule"] == "doctype"


def test_check_of_nothing_says_so(run, tmp_path):
    answer = run("check", str(tmp_path / "missing"))
    assert answer.exit_code == 1
    assert "There is nothing at this path" in answer.output


def test_trace_names_elements_letters_and_scenarios_and_prints_nothing_else(tmp_path):
    shutil.copytree(PROCESSES, tmp_path / "processes")
    for path in (tmp_path / "processes" / "review" / "scenarios").glob("*.toml"):
        if path.stem != "no_further_action_silence":
            path.unlink()
    world = make_world(tmp_path, processes=tmp_path / "processes")
    answer = create_app(world=world).test_cli_runner().invoke(args=["trace", "--json"])
    steps = {step["step"]: step for step in json.loads(answer.stdout)["steps"]}
    assert [name for name in (f"Review {n}" for n in range(1, 32)) if name not in steps] == []
    assert "CMSL5800" in steps["Review 9"]["letters"]
    assert steps["Review 11"]["scenarios"] == ["processes/review/scenarios/no_further_action_silence.toml"]
    assert answer.exit_code == 0


def test_deploy_puts_in_force_once(run):
    assert "review: version 1 is now in force" in run("deploy").output
    assert "review: version 1 is in force already" in run("deploy").output


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A world as a first start makes it, made once and closed, and what it said."""
    made = make_world(tmp_path_factory.mktemp("filled"), demo=True)
    bank_holidays.seed(made)
    for folder in definitions.process_folders(PROCESSES):
        definitions.deploy(made, folder, actor=DEPLOYMENT)
    said = []
    demo.seed(made, say=said.append)
    close_whole(made)
    return made, said


@pytest.fixture
def shown(filled, tmp_path):
    made, said = filled
    copy_world(made.settings.data_dir, tmp_path / "data")
    copy = open_world(tmp_path / "data", demo=True, at=made.clock.now())
    yield copy, list(said)
    copy.db.close()


def test_a_demonstration_is_filled_once_with_people_cases_and_reviews_under_way(shown):
    world, said = shown
    assert said == ["Filling the demonstration with fictional people and cases ..."]
    with world.db.read() as connection:
        assert connection.execute(select(func.count()).select_from(Person)).scalar_one() == len(PEOPLE)
        assert connection.execute(select(func.count()).select_from(Case)).scalar_one() == 22
        assert connection.execute(select(func.count()).select_from(ProcessInstance)).scalar_one() == 11
        nations = set(connection.execute(select(Case.nation)).scalars())
        waiting = set(connection.execute(select(UserTask.element_id).where(UserTask.status == "open")).scalars())
    assert nations == {"england_wales", "scotland", "northern_ireland"}
    assert {"allocate_review", "call_client", "decide_on_plan"} <= waiting
    assert {"do_duty", "discuss_issue", "deal_with_legacy_issue", "record_findings"} <= waiting
    demo.seed(world, say=said.append)
    assert len(said) == 1


def test_every_demonstration_account_signs_in_and_every_group_has_one(shown):
    world, _ = shown
    app = create_app(world=world)
    app.testing = True
    for person in PEOPLE:
        page = Browser(app).sign_in(person.username, PASSWORD)
        assert person.name in page.page.text_content()
    with world.db.read() as connection:
        groups = set(definitions.in_force(world, connection, "review").groups)
    assert {group for person in PEOPLE for group in person.groups} == groups


def test_the_button_moves_the_clock_to_the_next_due_date_and_a_restart_keeps_it(shown):
    world, _ = shown
    app = create_app(world=world)
    app.testing = True
    page = Browser(app).sign_in("cara", PASSWORD)
    assert "Demonstration: all people and cases are fictional." in page.page.text_content()
    before = world.clock.now()
    page.press("Move the clock to the next due date")
    assert "What was due has been done." in page.text
    moved = world.clock.now() - before
    assert moved.total_seconds() > 0
    world.clock = type(world.clock)()
    demo_clock.restore(world)
    assert abs(world.clock.offset - moved).total_seconds() <= 1


def test_a_double_click_moves_the_clock_once(shown):
    world, _ = shown
    app = create_app(world=world)
    app.testing = True
    page = Browser(app).sign_in("cara", PASSWORD)
    form = next(form for form in page.page.forms if form.get("action") == "/clock")
    page.send(form, {})
    moved = world.clock.offset
    page.send(form, {})
    assert "The clock was moved already." in page.text
    assert world.clock.offset == moved
    page.press("Move the clock to the next due date")
    assert world.clock.offset > moved


def test_outside_a_demonstration_there_is_no_banner_no_account_and_no_clock(app):
    page = Browser(app).visit("/sign-in")
    assert "Demonstration" not in page.page.text_content()
    page.sign_in("owning_team")
    assert "Move the clock" not in page.page.text_content()
