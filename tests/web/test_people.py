"""Operations' page of people: accounts are added, changed and locked; a person chooses a password by a link, once."""

import pytest
from sqlalchemy import func, insert, select, update

from engine import accounts, people, tasks
from engine.errors import NotAllowed, NotFound
from engine.models import AccountChange, Membership, Person, UserTask
from tests.page import Browser
from tests.web.journeys import refer
from tests.world import somebody

NEW = {"username": "nia.new", "name": "Nia New", "email": "nia@redress.example", "groups": ["review_caseworker"]}
SECRET = "river lantern copper seven"


def link_on(page):
    return page.page.xpath("//p[contains(@class, 'govuk-inset-text')]")[0].text.strip().partition("localhost")[2]


@pytest.fixture
def operations(visitor):
    return visitor("operations").visit("/people/")


def test_somebody_is_added_and_chooses_a_password_by_a_link_that_counts_once(app, operations, deployed):
    operations.follow("Add somebody")
    form = next(form for form in operations.page.forms if "username" in form.fields)
    operations.send(form, NEW)
    assert operations.heading == "A link for Nia New"
    link = link_on(operations)
    assert operations.send(form, NEW).heading == "Nia New"
    assert "This account was added already" in operations.text
    person = Browser(app).visit(link)
    assert "nia.new" in person.text
    assert person.press("Save the password", {"password": "short", "again": "short"}).status == 422
    assert "12 characters" in person.text
    assert person.press("Save the password", {"password": SECRET, "again": "other"}).status == 422
    person.press("Save the password", {"password": SECRET, "again": SECRET})
    assert person.heading == "Sign in"
    assert Browser(app).visit(link).status == 404
    assert person.sign_in("nia.new", SECRET).heading == "My tasks"
    operations.visit("/people/").follow("Nia New")
    assert "Added, in review_caseworker" in operations.text
    assert "Chose a passwordNia New" in operations.text


def test_a_link_that_is_sent_twice_at_the_same_moment_counts_once(deployed):
    whoever_has_the_link = somebody(deployed, "review_caseworker")
    people.choose_password(deployed, whoever_has_the_link, SECRET)
    with pytest.raises(NotFound):
        people.choose_password(deployed, whoever_has_the_link, "another of their choice")
    assert people.authenticate(deployed, "review_caseworker", SECRET).person_id == whoever_has_the_link.person_id


def test_a_newer_link_ends_the_older_and_a_made_up_one_opens_nothing(app, operations):
    operations.follow("Add somebody").press("Add", NEW)
    older = link_on(operations)
    operations.follow("The account of").press("Make a link to choose a password")
    assert Browser(app).visit(older).status == 404
    assert Browser(app).visit(link_on(operations)).status == 200
    assert Browser(app).visit(link_on(operations)[:-2] + "xx").status == 404
    assert Browser(app).visit("/sign-in/choose/nothing").status == 404


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"username": "Nia New"}, "A user name has 2 to 40 small letters"),
        ({"username": "operations"}, "There is an account operations already"),
        ({"name": ""}, "Enter the name"),
        ({"email": "nia"}, "Enter an email address"),
        ({"email": "TAKEN@redress.example"}, "Another account has this email address"),
        ({"groups": None}, "Choose one group or more"),
    ],
)
def test_an_account_that_will_not_do_is_refused_beside_its_question(operations, deployed, changes, sentence):
    with deployed.db.write() as connection:
        connection.execute(update(Person).where(Person.username == "analyst").values(email="taken@redress.example"))
    operations.follow("Add somebody").press("Add", NEW | changes)
    assert operations.status == 422
    assert sentence in operations.text
    with deployed.db.read() as connection:
        assert connection.execute(select(Person).where(Person.username == "nia.new")).first() is None


def test_changing_groups_signs_out_whoever_loses_one_and_is_written_down(visitor, operations, deployed):
    person = visitor("review_caseworker")
    who = somebody(deployed, "review_caseworker")
    operations.follow(who.name).press("Save", {"groups": ["owning_team"], "job_title": "Caseworker"})
    assert person.visit("/tasks/").heading == "Sign in"
    with deployed.db.read() as connection:
        groups = select(Membership.group_key).where(Membership.person_id == who.person_id)
        assert connection.execute(groups).scalars().all() == ["owning_team"]
        what, by = connection.execute(select(AccountChange.what, AccountChange.by_id)).one()
    assert what == "Changed job title; added to owning_team; taken out of review_caseworker"
    assert by == somebody(deployed, "operations").person_id


def test_a_locked_account_is_out_and_comes_back(app, visitor, operations, deployed):
    person, who = visitor("review_caseworker"), somebody(deployed, "review_caseworker")
    operations.follow(who.name).press("Lock this account")
    assert person.visit("/tasks/").heading == "Sign in"
    assert Browser(app).sign_in("review_caseworker").status == 422
    operations.press("Unlock this account")
    assert person.sign_in("review_caseworker").status == 200
    operations.press("Sign out everywhere")
    assert person.visit("/tasks/").heading == "Sign in"


def test_what_a_locked_person_holds_says_so_wherever_it_says_who_holds_it(visitor, deployed, case_id):
    refer(visitor("owning_team"), case_id)
    who = somebody(deployed, "owning_team")
    with deployed.db.read() as connection:
        task_id = connection.execute(select(UserTask.task_id).where(UserTask.status == "open")).scalar_one()
    tasks.claim(deployed, task_id, actor=who)
    accounts.lock(deployed, who.person_id, actor=somebody(deployed, "operations"))
    leader = visitor("owning_team_leader")
    for page in (f"/cases/{case_id}", "/tasks/held", "/team/"):
        assert f"{who.name} (account locked)" in leader.visit(page).text, page


def test_operations_never_lock_themselves_out(deployed):
    actor, other = somebody(deployed, "operations"), somebody(deployed, "operations.2")
    with pytest.raises(NotAllowed, match="your own account"):
        accounts.lock(deployed, actor.person_id, actor=actor)
    accounts.lock(deployed, other.person_id, actor=actor)
    told = {"name": actor.name, "job_title": "", "email": ""}
    with pytest.raises(NotAllowed, match="Nobody else belongs to operations"):
        accounts.change(deployed, actor.person_id, told, ["analyst"], actor=actor)


def test_an_account_is_untied_from_the_departments_sign_in(operations, deployed):
    who = somebody(deployed, "review_caseworker")
    with deployed.db.write() as connection:
        connection.execute(update(Person).where(Person.person_id == who.person_id).values(identity="issuer subject"))
    operations.visit("/people/").follow(who.name).press("Untie from the department’s sign-in")
    with deployed.db.read() as connection:
        assert connection.execute(select(Person.identity)).scalars().first() is None


@pytest.fixture
def many(deployed):
    """Five hundred people more."""
    with deployed.db.write() as connection:
        rows = [
            {
                "username": f"person{number:03}",
                "name": f"Person Number{number:03}",
                "job_title": "Caseworker",
                "password_hash": "",
                "email": f"p{number:03}@redress.example",
                "is_active": number % 10 != 0,
            }
            for number in range(500)
        ]
        connection.execute(insert(Person), rows)
        ids = connection.execute(select(Person.person_id).where(Person.username.like("person00_"))).scalars().all()
        connection.execute(
            insert(Membership), [{"person_id": person_id, "group_key": "legacy_team"} for person_id in ids]
        )
    return deployed


def rows_on(page):
    return [" ".join(row.text_content().split()) for row in page.page.xpath("//tbody/tr/th")]


def test_one_of_five_hundred_people_is_found_by_words_group_and_state(many, operations):
    operations.visit("/people/")
    with many.db.read() as connection:
        count = connection.execute(select(func.count()).select_from(Person)).scalar_one()
    assert f"{count} accounts, page 1 of 11." in operations.text
    assert len(rows_on(operations)) == 50
    form = operations.page.forms[-1]
    operations.send(form, {"q": "number042  PERSON"})
    assert rows_on(operations) == ["Person Number042Caseworker"]
    operations.visit("/people/?q=p431@redress")
    assert rows_on(operations) == ["Person Number431Caseworker"]
    operations.visit("/people/?group=legacy_team&state=locked&q=person")
    assert rows_on(operations) == ["Person Number000 LockedCaseworker"]
    operations.visit("/people/?q=100%25")
    assert "0 accounts found. Try part of the name" in operations.text


def test_pages_of_people_keep_what_was_searched_for(many, operations):
    operations.visit("/people/?q=person&state=open&page=2")
    assert "450 accounts found, page 2 of 9." in operations.text
    second = rows_on(operations)
    operations.follow("Next")
    assert "page 3 of 9" in operations.text
    assert rows_on(operations)[0] > second[-1]
    assert operations.follow("Previous").text.count("page 2 of 9") == 1
    assert rows_on(operations) == second
    assert "page 9 of 9" in operations.visit("/people/?q=person&state=open&page=999999").text
    for odd in ("page=x", "page=-1", "group=nobody", "state=nobody", "page=" + "9" * 40, "q=%00"):
        assert "page 1 of 11" in operations.visit(f"/people/?{odd}").text
