"""Errors as SCIM tells them (RFC 7644 §3.12)."""

from typing import Any

ERROR_URN = "urn:ietf:params:scim:api:messages:2.0:Error"


class ScimError(Exception):
    """A refusal. `scim_type` is a keyword of RFC 7644 table 9 or RFC 9865 §2.1; `detail` is for the client's people."""

    def __init__(self, status: int, detail: str, scim_type: str = "") -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.scim_type = scim_type

    def to_json(self) -> dict[str, Any]:
        """The body of the answer; `status` is a string there."""
        body: dict[str, Any] = {"schemas": [ERROR_URN], "status": str(self.status), "detail": self.detail}
        if self.scim_type:
            body["scimType"] = self.scim_type
        return body


def invalid_filter(detail: str) -> ScimError:
    """A filter that cannot be read, or compares what cannot be compared."""
    return ScimError(400, detail, "invalidFilter")


def invalid_path(detail: str) -> ScimError:
    """A path that names no attribute."""
    return ScimError(400, detail, "invalidPath")


def invalid_value(detail: str) -> ScimError:
    """A value of the wrong type, or a required one that is missing."""
    return ScimError(400, detail, "invalidValue")


def invalid_syntax(detail: str) -> ScimError:
    """A body that is not what the address takes."""
    return ScimError(400, detail, "invalidSyntax")


def not_mutable(detail: str) -> ScimError:
    """A change of what cannot be changed."""
    return ScimError(400, detail, "mutability")


def no_target(detail: str) -> ScimError:
    """A path whose filter matches nothing."""
    return ScimError(400, detail, "noTarget")


def taken(detail: str) -> ScimError:
    """A value that another resource has."""
    return ScimError(409, detail, "uniqueness")


def not_found(resource_id: str) -> ScimError:
    """Nothing of this id that the caller may see."""
    return ScimError(404, f"There is no resource {resource_id[:64]}.")
