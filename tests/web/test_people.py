"""Operations' page of people: accounts are added, changed and locked; a person chooses a password by a link, once."""

import pytest
from sqlalchemy import select, update

from engine import accounts, people
from engine.errors import NotAllowed, NotFound
from engine.models import AccountChange, Membership, Person
from tests.page import Browser
from tests.world import somebody

NEW = {"username": "nia.new", "name": "Nia New", "email": "nia@redress.example", "groups": ["review_caseworker"]}
SECRET = "river lantern copper seven"


def link_on(page):
    return page.page.xpath("//p[contains(@class, 'govuk-inset-text')]")[0].text.strip().partition("localhost")[2]


@pytest.fixture
def operations(visitor):
    return visitor("operations").visit("/people/")


def test_somebody_is_added_and_chooses_a_password_by_a_link_that_counts_once(app, operations, deployed):
    operations.follow("Add somebody").press("Add", NEW)
    assert operations.heading == "A link for Nia New"
    link = link_on(operations)
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
