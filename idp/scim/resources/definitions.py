"""The schemas of users and groups (RFC 7643 §4), without what would be kept and mean nothing here."""

from idp.scim.resources.attributes import Attribute, ResourceType, Schema

USER_URN = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE_URN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
ACCOUNT_URN = "urn:xinyin:params:scim:schemas:extension:account:1.0:User"
GROUP_URN = "urn:ietf:params:scim:schemas:core:2.0:Group"

_WAYS = ("work", "home", "other")


def _text(name: str, description: str) -> Attribute:
    return Attribute(name, description)


def _many(name: str, description: str, value: Attribute, canonical: tuple[str, ...] = _WAYS) -> Attribute:
    parts = (
        value,
        _text("display", "How people read it"),
        Attribute("type", "What it is for", canonical=canonical),
        Attribute("primary", "Whether it is the first choice; at most one is", "boolean"),
    )
    return Attribute(name, description, "complex", many=True, parts=parts)


_NAME = Attribute(
    "name",
    "The parts of the name",
    "complex",
    parts=(
        _text("formatted", "The whole name"),
        _text("familyName", "Family name"),
        _text("givenName", "Given name"),
        _text("middleName", "Middle name"),
        _text("honorificPrefix", "What stands before the name"),
        _text("honorificSuffix", "What stands after the name"),
    ),
)

_ADDRESSES = Attribute(
    "addresses",
    "Postal addresses",
    "complex",
    many=True,
    parts=(
        _text("formatted", "The whole address"),
        _text("streetAddress", "Street, house and flat"),
        _text("locality", "City"),
        _text("region", "Province"),
        _text("postalCode", "Postal code"),
        _text("country", "Country, ISO 3166-1 alpha-2"),
        Attribute("type", "What it is for", canonical=_WAYS),
        Attribute("primary", "Whether it is the first choice", "boolean"),
    ),
)

_GROUPS = Attribute(
    "groups",
    "The groups that the person is in; changed at the groups",
    "complex",
    many=True,
    mutability="readOnly",
    parts=(
        Attribute("value", "The id of the group", case_exact=True, mutability="readOnly"),
        Attribute("$ref", "Its address", "reference", mutability="readOnly", references=("Group",), case_exact=True),
        Attribute("display", "Its name", mutability="readOnly"),
        Attribute("type", "Always direct", mutability="readOnly", canonical=("direct", "indirect")),
    ),
)

USER_SCHEMA = Schema(
    USER_URN,
    "User",
    "Somebody of the agency, or of one below it",
    (
        Attribute("userName", "Unique in the agency; in the form that we compare", required=True, uniqueness="server"),
        _NAME,
        _text("displayName", "What the person is called on pages"),
        _text("nickName", "What colleagues call the person"),
        Attribute("profileUrl", "A page about the person", "reference", references=("external",), case_exact=True),
        _text("title", "Job title"),
        _text("userType", "Kind of employment"),
        _text("preferredLanguage", "Language, as in Accept-Language"),
        _text("locale", "Regional settings"),
        Attribute("timezone", "Time zone, as in the IANA database"),
        Attribute("active", "Whether the person may act for the agency", "boolean"),
        Attribute("password", "Only for a new account", case_exact=True, mutability="writeOnly", returned="never"),
        _many("emails", "E-mail addresses", _text("value", "The address")),
        _many("phoneNumbers", "Telephone numbers", _text("value", "The number"), (*_WAYS, "mobile", "fax", "pager")),
        _many("ims", "Instant messaging", _text("value", "The name there"), ("wechat", "qq", "xmpp")),
        _ADDRESSES,
        _GROUPS,
    ),
)

ENTERPRISE_SCHEMA = Schema(
    ENTERPRISE_URN,
    "EnterpriseUser",
    "The person's place in the agency",
    (
        Attribute("employeeNumber", "Number of the employee", case_exact=True),
        _text("costCenter", "Cost centre"),
        _text("organization", "The USCC of an agency at or below the client's, where the person works; or any text"),
        _text("division", "Division"),
        _text("department", "Department"),
        Attribute(
            "manager",
            "Who leads the person",
            "complex",
            parts=(
                Attribute("value", "The id of that user", case_exact=True),
                Attribute("$ref", "The address of that user", "reference", references=("User",), case_exact=True),
                Attribute("displayName", "The name of that user", mutability="readOnly"),
            ),
        ),
    ),
)

ACCOUNT_SCHEMA = Schema(
    ACCOUNT_URN,
    "Account",
    "The account at this identity provider",
    (
        Attribute("signInName", "What the person types to sign in by password", mutability="readOnly"),
        Attribute("agency", "The USCC of the agency", mutability="readOnly"),
        Attribute(
            "managed", "Whether the account came by SCIM and is the agency's alone", "boolean", mutability="readOnly"
        ),
    ),
)

GROUP_SCHEMA = Schema(
    GROUP_URN,
    "Group",
    "People who get roles together",
    (
        Attribute("displayName", "Its name, unique in the agency", required=True),
        Attribute(
            "members",
            "Users in the group",
            "complex",
            many=True,
            parts=(
                Attribute("value", "The id of the user", case_exact=True, mutability="immutable"),
                Attribute(
                    "$ref", "Its address", "reference", references=("User",), mutability="immutable", case_exact=True
                ),
                Attribute("type", "Always User", mutability="immutable", canonical=("User",)),
            ),
        ),
    ),
)

USER = ResourceType("User", "/Users", "People of the agency", USER_SCHEMA, (ENTERPRISE_SCHEMA, ACCOUNT_SCHEMA))
GROUP = ResourceType("Group", "/Groups", "Groups of the agency", GROUP_SCHEMA)
RESOURCE_TYPES = (USER, GROUP)
SCHEMAS = (USER_SCHEMA, ENTERPRISE_SCHEMA, ACCOUNT_SCHEMA, GROUP_SCHEMA)
