"""Signing in through the department's own provider: a real one on a local port, with real keys, honest and not."""

import dataclasses
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, build_opener

import pytest
from sqlalchemy import select, update

from engine.errors import SettingsInvalid
from engine.models import Membership, Person
from engine.people import lock
from engine.settings import read_settings
from tests.identity_provider import CLIENT, SECRET, Provider
from tests.page import Browser
from tests.world import somebody
from web.app import create_app


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_args):
        return None


def go(address):
    """Open an address outside, and return where it leads."""
    try:
        build_opener(_Stay).open(address, timeout=10)
    except HTTPError as answer:
        with answer:
            return answer.headers["Location"]
    raise AssertionError("no redirect")


@pytest.fixture(scope="module")
def keys():
    """A provider whose keys serve every test here: making them takes longest."""
    with Provider() as made:
        yield made


@pytest.fixture
def provider(keys):
    keys.breaks, keys.password_given_at = "", 0.0
    keys.claims = {"sub": "s-1", "email": "Cara@redress.example", "email_verified": True}
    keys.asked.clear()
    return keys


def office(deployed, provider, **changes):
    told = {"oidc_issuer": provider.issuer, "oidc_client_id": CLIENT, "oidc_client_secret": SECRET}
    settings = dataclasses.replace(deployed.settings, **{"local_sign_in": False, **told, **changes})
    app = create_app(world=dataclasses.replace(deployed, settings=settings))
    app.testing = True
    return Browser(app)


@pytest.fixture
def visitor(deployed, provider):
    with deployed.db.write() as connection:
        known = update(Person).where(Person.username == "review_caseworker")
        connection.execute(known.values(email="cara@redress.example"))
    return office(deployed, provider)


def sign_in(visitor, start="/sign-in/provider/?next=/cases/"):
    """Go to the provider and come back, as a browser does."""
    answer = visitor.client.get(start)
    back = go(answer.headers["Location"])
    where = urlsplit(back)
    return visitor.visit(f"{where.path}?{where.query}")


def identity_of(deployed, username):
    with deployed.db.read() as connection:
        return connection.execute(select(Person.identity).where(Person.username == username)).scalar_one()


def test_somebody_whose_address_operations_entered_signs_in_and_is_known_from_then_on(visitor, provider, deployed):
    assert "Sign in with your department’s account" in visitor.visit("/cases/").text
    assert sign_in(visitor).heading == "Find a case"
    assert identity_of(deployed, "review_caseworker") == f"{provider.issuer} s-1"
    assert provider.asked[0]["redirect_uri"] == "http://localhost/sign-in/provider/back"
    provider.claims = {"sub": "s-1"}  # the address may change, or not be told any more
    visitor.press("Sign out")
    assert sign_in(visitor).heading == "Find a case"


def test_signing_out_here_offers_to_sign_out_there(visitor, provider):
    sign_in(visitor)
    visitor.press("Sign out")
    assert visitor.heading == "Sign in"
    there = f"{provider.issuer}/sign-out?client_id={CLIENT}&post_logout_redirect_uri=http%3A%2F%2Flocalhost%2Fsign-in"
    assert visitor.page.xpath("//main//a/@href") == ["/sign-in/provider/", there]
    assert visitor.visit("/cases/").heading == "Sign in"


@pytest.mark.parametrize(
    "fault",
    [
        *("signature", "unsigned", "nonce", "no nonce", "issuer", "audience", "expired", "no token", "denied"),
        "a clock far ahead",
    ],
)
def test_what_cannot_be_trusted_signs_nobody_in(visitor, provider, deployed, fault):
    provider.breaks = fault
    assert sign_in(visitor).status == 403
    assert "could not be trusted" in visitor.text
    assert visitor.visit("/cases/").heading == "Sign in"
    assert identity_of(deployed, "review_caseworker") is None


@pytest.mark.parametrize("clock", ["a clock behind", "a clock ahead"])
def test_clocks_may_differ_by_less_than_a_minute(visitor, provider, clock):
    provider.breaks = clock
    assert sign_in(visitor).heading == "Find a case"


def test_a_process_that_never_spoke_with_the_provider_still_links_to_its_sign_out(visitor, provider, deployed):
    sign_in(visitor)
    other = office(deployed, provider)  # another process of the same service, with the same cookies
    other.client = other.app.test_client()
    for name in ("redress", "redress_used"):
        other.client.set_cookie(name, visitor.client.get_cookie(name).value)
    other.visit("/cases/").press("Sign out")
    assert f"{provider.issuer}/sign-out?" in other.body.decode()


def test_a_provider_that_is_away_keeps_nobody_from_signing_out(visitor, provider, deployed):
    sign_in(visitor)
    other = office(deployed, provider)
    for name in ("redress", "redress_used"):
        other.client.set_cookie(name, visitor.client.get_cookie(name).value)
    other.visit("/cases/")
    provider.breaks = "away"
    assert other.press("Sign out").heading == "Sign in"
    assert visitor.visit("/cases/").heading == "Sign in"


def test_addresses_that_only_the_department_enters_count_as_confirmed_where_it_says_so(deployed, provider):
    with deployed.db.write() as connection:
        known = update(Person).where(Person.username == "review_caseworker")
        connection.execute(known.values(email="cara@redress.example"))
    trusting = office(deployed, provider, oidc_trusts_email=True)
    provider.claims = {"sub": "s-1", "email": "cara@redress.example", "email_verified": False}
    assert "a confirmed email address" in sign_in(trusting).text
    provider.claims = {"sub": "s-1", "email": "cara@redress.example"}
    assert sign_in(trusting).heading == "Find a case"


def test_an_answer_counts_once_and_only_in_the_browser_that_asked(visitor, provider, deployed):
    back = urlsplit(go(visitor.client.get("/sign-in/provider/").headers["Location"]))
    stranger = office(deployed, provider)
    assert stranger.visit(f"{back.path}?{back.query}").status == 403
    assert visitor.visit(f"{back.path}?{back.query}").status == 200
    visitor.press("Sign out")
    assert visitor.visit(f"{back.path}?{back.query}").status == 403


@pytest.mark.parametrize(
    ("claims", "sentence"),
    [
        ({"sub": "s-2", "email": "nobody@redress.example", "email_verified": True}, "There is no account here"),
        ({"sub": "s-2", "email": "cara@redress.example", "email_verified": False}, "a confirmed email address"),
        ({"sub": "s-2", "email": "cara@redress.example"}, "a confirmed email address"),
        ({"sub": "s-2"}, "a confirmed email address"),
    ],
)
def test_an_account_is_not_found_by_what_operations_did_not_enter(visitor, provider, deployed, claims, sentence):
    provider.claims = claims
    assert sentence in sign_in(visitor).text
    assert visitor.visit("/cases/").heading == "Sign in"
    with deployed.db.read() as connection:
        assert set(connection.execute(select(Person.identity)).scalars()) == {None}


def test_an_account_that_has_an_identity_is_not_taken_over_by_its_address(visitor, provider, deployed):
    sign_in(visitor)
    visitor.press("Sign out")
    provider.claims = {"sub": "s-2", "email": "cara@redress.example", "email_verified": True}
    assert "There is no account here" in sign_in(visitor).text
    assert identity_of(deployed, "review_caseworker") == f"{provider.issuer} s-1"


def test_signing_in_gives_nobody_groups_and_a_locked_account_stays_locked(visitor, provider, deployed):
    person = somebody(deployed, "review_caseworker")
    provider.claims |= {"groups": ["operations"], "roles": ["operations"]}
    sign_in(visitor)
    assert visitor.visit("/operations/instances").status == 403
    with deployed.db.read() as connection:
        groups = select(Membership.group_key).where(Membership.person_id == person.person_id)
        assert connection.execute(groups).scalars().all() == ["review_caseworker"]
    lock(deployed, person.person_id)
    assert visitor.visit("/cases/").heading == "Sign in"
    assert "is locked" in sign_in(visitor).text


def test_a_provider_that_is_away_is_said_to_be(deployed, provider):
    provider.breaks = "away"
    page = office(deployed, provider).visit("/sign-in/provider/")
    assert page.status == 403
    assert "could not be reached" in page.text


def test_passwords_of_our_own_are_off_unless_they_are_allowed(visitor, provider, deployed):
    visitor.visit("/sign-in")
    assert "Password" not in visitor.text
    both = office(deployed, provider, local_sign_in=True).visit("/sign-in")
    assert "Password" in both.text
    assert both.sign_in("review_caseworker").heading == "My tasks"
    visitor.app.config["WTF_CSRF_ENABLED"] = False
    sent = {"username": "review_caseworker", "password": "review_caseworker"}
    answer = visitor.client.post("/sign-in", data=sent)
    assert answer.status_code == 403
    assert "Passwords are not used here" in answer.text
    assert visitor.visit("/cases/").heading == "Sign in"


def test_the_password_is_asked_for_again_at_the_provider(visitor, provider, deployed):
    sign_in(visitor)
    with visitor.client.session_transaction() as session:
        assert session["proved"] == 0  # when the provider says that the password was given
    sign_in(visitor, "/sign-in/provider/?again=yes&next=/cases/")
    assert provider.asked[-1]["prompt"] == "login"
    assert provider.asked[-1]["max_age"] == "0"
    with visitor.client.session_transaction() as session:
        assert session["proved"] == int(deployed.clock.now().timestamp())


@pytest.mark.parametrize("fault", ["no password asked", "no auth_time"])
def test_a_provider_that_does_not_ask_again_proves_nothing(visitor, provider, fault):
    sign_in(visitor)
    provider.breaks = fault
    assert "did not ask for your password again" in sign_in(visitor, "/sign-in/provider/?again=yes").text
    with visitor.client.session_transaction() as session:
        assert session["proved"] == 0


def test_somebody_else_cannot_give_the_password(visitor, provider, deployed):
    with deployed.db.write() as connection:
        known = update(Person).where(Person.username == "review_caseworker.2")
        connection.execute(known.values(email="colin@redress.example"))
    sign_in(visitor)
    provider.claims = {"sub": "s-9", "email": "colin@redress.example", "email_verified": True}
    assert "as somebody else" in sign_in(visitor, "/sign-in/provider/?again=yes").text
    with visitor.client.session_transaction() as session:
        assert session["proved"] == 0


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"REDRESS_OIDC_ISSUER": "https://id.example"}, "belong together"),
        ({"REDRESS_OIDC_ISSUER": "http://id.example"}, "REDRESS_OIDC_ISSUER does not have the right form"),
        ({"REDRESS_LOCAL_SIGN_IN": "no"}, "nobody could sign in"),
    ],
)
def test_half_a_set_up_is_refused_at_the_start(changes, sentence):
    with pytest.raises(SettingsInvalid, match=sentence):
        read_settings(changes)


def test_with_a_provider_passwords_are_off_until_the_settings_allow_them():
    told = {"REDRESS_OIDC_ISSUER": "https://id.example/a", "REDRESS_OIDC_CLIENT_ID": "a"}
    told["REDRESS_OIDC_CLIENT_SECRET"] = "b"
    assert not read_settings(told).local_sign_in
    assert read_settings({**told, "REDRESS_LOCAL_SIGN_IN": "yes"}).local_sign_in
    assert "b" not in repr(read_settings(told)).partition("oidc_client_secret")[2][:6]
