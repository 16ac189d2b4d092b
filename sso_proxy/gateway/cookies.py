"""Cookies on the way through: the gateway's own never reach the application, the application's never widen. Pure."""

from sso_proxy.replay.jar import CookieJar

OWN_PREFIXES = ("xinyin_", "__host-xinyin_", "__secure-xinyin_")


def pairs(header_values: list[str]) -> list[tuple[str, str]]:
    """The cookies of a request in the order sent."""
    found = []
    for header in header_values:
        for each in header.split(";"):
            name, equals, value = each.strip().partition("=")
            if equals:
                found.append((name.strip(), value.strip()))
    return found


def is_own(name: str) -> bool:
    """Whether the cookie is ours, here or on a neighbouring host of the same service."""
    return name.lower().startswith(OWN_PREFIXES)


def upstream_header(sent: list[tuple[str, str]], jar: CookieJar | None, jar_header: str) -> str:
    """The `Cookie` of the request to the application: the jar's first; the browser's where the jar has no such name."""
    managed = jar.names() if jar is not None else set()
    relayed = [f"{name}={value}" for name, value in sent if not is_own(name) and name not in managed]
    return "; ".join([*([jar_header] if jar_header else []), *relayed])


def relayed_set_cookie(value: str) -> str | None:
    """A `Set-Cookie` of the application as the browser may get it: without `Domain`; None when it names one of ours."""
    pair, *attributes = value.split(";")
    if is_own(pair.partition("=")[0].strip()):
        return None
    kept = [each for each in attributes if each.partition("=")[0].strip().lower() != "domain"]
    return ";".join([pair, *kept])
