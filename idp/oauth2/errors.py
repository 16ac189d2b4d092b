"""Errors of the OAuth endpoints (RFC 6749 §4.1.2.1 and §5.2, RFC 6750 §3.1)."""

from kernel.errors import XinyinError


class OAuthError(XinyinError):
    """One refusal. `error` is the code of the standard; the description is for developers, in English.

    `redirectable`: the redirect URI was proven, so the client may be told by way of the browser. `detail` never leaves
    the process.
    """

    code = "invalid-input"

    def __init__(
        self,
        error: str,
        description: str,
        *,
        status: int = 400,
        redirectable: bool = False,
        detail: str | None = None,
    ) -> None:
        self.error = error
        self.description = safe_description(description)
        self.status = status
        self.redirectable = redirectable
        self.headers: dict[str, str] = {}
        super().__init__(self.description.replace("{", "(").replace("}", ")"), reason=detail)

    def to_json(self) -> dict[str, str]:
        """The body of RFC 6749 §5.2."""
        return {"error": self.error, "error_description": self.description}


class InvalidClient(OAuthError):
    """The client could not be authenticated. `scheme` is the HTTP scheme it tried, answered in WWW-Authenticate."""

    def __init__(self, description: str, *, detail: str | None = None) -> None:
        super().__init__("invalid_client", description, status=401, detail=detail)


def invalid_request(description: str) -> OAuthError:
    """A parameter is missing, repeated or malformed."""
    return OAuthError("invalid_request", description)


def invalid_grant(description: str = "The grant is not valid, has ended, or was used before.") -> OAuthError:
    """The code or refresh token does not hold. The description says no more than it must."""
    return OAuthError("invalid_grant", description)


def safe_description(text: str) -> str:
    """Only the characters that RFC 6749 §5.2 allows in `error_description`."""
    return "".join(character if " " <= character <= "~" and character not in '"\\' else "'" for character in text)
