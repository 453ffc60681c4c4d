"""Signing in through the department's own sign-in: OpenID Connect, authorization code with PKCE, state and nonce.

Authlib speaks the protocol. What is checked here besides: the issuer is the one of the settings, the token is for us
and signed with a key that only its provider has, the password was given lately where that is asked for, and the person
has an account here. The provider says who somebody is; what they may do is what operations entered.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import OAuth
from flask import Blueprint, Flask, current_app, flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from joserfc.errors import JoseError
from requests import RequestException

from engine.errors import NotFound, SignInRefused
from engine.people import Somebody, person_of_identity
from web import session_life
from web.addresses import own_address
from web.current import visitor, world

pages = Blueprint("oidc", __name__, url_prefix="/sign-in/provider")
log = logging.getLogger(__name__)

_NAME = "provider"
GO_ON = "Thank you. What you typed is below: check it, then complete the task."
_SECONDS = 10  # for the provider to answer
_LEEWAY = 60  # seconds by which its clock may differ from ours
# Signed with a key that the provider alone has; never "none", never one that we could have made ourselves.
_SIGNED_BY = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
_AWAY = "could not be reached, or did not answer as it should. Try again in a few minutes, or tell operations."


def register(app: Flask) -> None:
    """Make the provider's client, where the settings name a provider."""
    settings = app.extensions["redress"].settings
    if not settings.oidc_issuer:
        return
    app.extensions["redress_oidc"] = OAuth(app).register(
        _NAME,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret,
        server_metadata_url=f"{settings.oidc_issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid profile email",
            "code_challenge_method": "S256",
            "default_timeout": _SECONDS,
        },
    )


@pages.get("/")
def begin() -> ResponseReturnValue:
    """Send somebody to the provider; who is here already is asked for the password again."""
    target = own_address(request.args.get("next", "")) or url_for("session.home")
    here = visitor()
    if here is not None and request.args.get("again") != "yes":
        return redirect(target)
    session["oidc_next"] = target
    asked = {"prompt": "login", "max_age": "0"} if here is not None else {}
    try:
        answer: ResponseReturnValue = _client().authorize_redirect(url_for("oidc.come_back", _external=True), **asked)
    except (AuthlibBaseError, RequestException, ValueError, RuntimeError) as fault:
        return _refused(_away(), fault)
    return answer


@pages.get("/back")
def come_back() -> ResponseReturnValue:
    """Take back whom the provider sends, and begin their session or note that they gave their password again."""
    target = own_address(session.pop("oidc_next", "")) or url_for("session.home")
    here = visitor()
    try:
        claims = _claims()
        somebody = person_of_identity(world(), f"{claims['iss']} {claims['sub']}"[:400], _email(claims))
        proved = _proved(claims, here, somebody)
    except SignInRefused as refused:
        return _refused(str(refused), refused)
    except (RequestException, RuntimeError) as fault:
        return _refused(_away(), fault)
    except (AuthlibBaseError, JoseError, ValueError, KeyError) as fault:
        text = f"What {world().settings.oidc_name} sent back could not be trusted, so nobody was signed in. Try again."
        return _refused(text, fault)
    if here is None:
        session_life.begin(somebody, proved=proved)
        session["through"] = _NAME
    else:
        session["proved"] = proved
        flash(GO_ON)
    return redirect(target)


def signed_in_there() -> bool:
    """Tell whether the person of this session came from the provider, or can only come from there."""
    return session.get("through") == _NAME or not world().settings.local_sign_in


def sign_out_address(*, asks: bool = False) -> str | None:
    """Return where somebody can end their session at the provider too, and come back; None where there is none.

    A process that has not spoken with the provider yet `asks` it, right after somebody signed out.
    Source: OpenID Connect RP-Initiated Logout 1.0, section 2.
    """
    client = current_app.extensions.get("redress_oidc")
    if client is None:
        return None
    if asks and not client.server_metadata.get("end_session_endpoint"):
        with suppress(AuthlibBaseError, RequestException, ValueError, RuntimeError):
            client.load_server_metadata()
    known = client.server_metadata.get("end_session_endpoint")
    if not known:
        return None
    back = url_for("session.sign_in", _external=True)
    said = urlencode({"client_id": world().settings.oidc_client_id, "post_logout_redirect_uri": back})
    return f"{known}{'&' if '?' in known else '?'}{said}"


def _client() -> Any:
    client = current_app.extensions.get("redress_oidc")
    if client is None:
        raise NotFound
    return client


def _claims() -> dict[str, Any]:
    """Return what the provider says of the person, all of it checked."""
    client, settings = _client(), world().settings
    metadata = client.load_server_metadata()
    offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
    metadata["id_token_signing_alg_values_supported"] = [name for name in offered if name in _SIGNED_BY]
    told = client.authorize_access_token(
        leeway=_LEEWAY,
        claims_options={
            "iss": {"essential": True, "values": [settings.oidc_issuer]},
            "aud": {"essential": True, "values": [settings.oidc_client_id]},
        },
    )
    if not told.get("userinfo"):
        raise ValueError("The provider sent no ID token.")
    return dict(told["userinfo"])


def _email(claims: dict[str, Any]) -> str | None:
    """Return the email address that the provider has confirmed; where the settings say so, one that it enters itself.

    Of an address that the provider says is not confirmed, nothing follows in any case.
    """
    is_confirmed = claims.get("email_verified", world().settings.oidc_trusts_email)
    return str(claims["email"]) if claims.get("email") and is_confirmed is True else None


def _proved(claims: dict[str, Any], here: Somebody | None, somebody: Somebody) -> int | None:
    """Return the second at which the password was given. Raises: SignInRefused where it had to be given again."""
    said = claims.get("auth_time")
    proved = int(said) if isinstance(said, int | float) else None
    if here is None:
        return proved
    if somebody.person_id != here.person_id:
        raise SignInRefused("You signed in as somebody else. Nothing was changed. Sign out here first.")
    if proved is None or session_life.now() - proved > _LEEWAY:
        raise SignInRefused(
            f"{world().settings.oidc_name[:1].upper()}{world().settings.oidc_name[1:]} did not ask for your password "
            "again. Nothing was changed. Tell operations: it must heed max_age and say auth_time."
        )
    return min(proved, session_life.now())


def _away() -> str:
    name = world().settings.oidc_name
    return f"{name[:1].upper()}{name[1:]} {_AWAY}"


def _refused(text: str, fault: Exception) -> ResponseReturnValue:
    from web.session import sign_in_page

    log.warning("A sign-in through the provider was refused", extra={"error": type(fault).__name__})
    return sign_in_page(refusal=text), 403
