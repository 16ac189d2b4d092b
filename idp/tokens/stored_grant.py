"""A token family as JSON, for what is kept only until it is redeemed: codes and device codes."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from idp.tokens.access_token import SignInFacts
from idp.tokens.service import TokenGrant


def grant_to_json(grant: TokenGrant) -> dict[str, Any]:
    """The family as JSON."""
    values = asdict(grant)
    values["sign_in"]["auth_time"] = grant.sign_in.auth_time.isoformat()
    return values


def grant_from_json(values: Mapping[str, Any]) -> TokenGrant:
    """The family that `grant_to_json` wrote."""
    sign_in = values["sign_in"]
    facts = SignInFacts(datetime.fromisoformat(sign_in["auth_time"]), sign_in["acr"], tuple(sign_in["amr"]))
    tuples = {name: tuple(values[name]) for name in ("scopes", "resources")}
    return TokenGrant(**{**values, **tuples, "sign_in": facts})
