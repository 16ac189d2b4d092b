"""The text of CAS answers (CAS 3.0.3 §2.5, appendix A): XML, or JSON where `format=JSON` asks for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape, quoteattr

NAMESPACE = "http://www.yale.edu/tp/cas"


@dataclass(frozen=True)
class Success:
    """A ticket held: whom it is for, and what the application may know."""

    user: str
    attributes: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    proxy_granting_iou: str | None = None
    proxies: tuple[str, ...] = ()


@dataclass(frozen=True)
class Failure:
    """A ticket did not hold: a code of §2.5.3, and a sentence for developers. `element` is what failed."""

    code: str
    description: str
    element: str = "authenticationFailure"


@dataclass(frozen=True)
class ProxySuccess:
    """A proxy ticket."""

    ticket: str


Answer = Success | Failure | ProxySuccess


def as_xml(answer: Answer) -> str:
    """The answer as `cas:serviceResponse`."""
    match answer:
        case Success():
            body = _element("authenticationSuccess", _success(answer))
        case ProxySuccess():
            body = _element("proxySuccess", _text("proxyTicket", answer.ticket))
        case Failure():
            code = quoteattr(answer.code)
            body = f"<cas:{answer.element} code={code}>{escape(answer.description)}</cas:{answer.element}>"
    return f'<cas:serviceResponse xmlns:cas="{NAMESPACE}">{body}</cas:serviceResponse>\n'


def as_json(answer: Answer) -> dict[str, Any]:
    """The answer as the JSON of appendix A."""
    match answer:
        case Success():
            told: dict[str, Any] = {"user": answer.user}
            if answer.attributes:
                told["attributes"] = dict(answer.attributes)
            if answer.proxy_granting_iou:
                told["proxyGrantingTicket"] = answer.proxy_granting_iou
            if answer.proxies:
                told["proxies"] = list(answer.proxies)
            return {"serviceResponse": {"authenticationSuccess": told}}
        case ProxySuccess():
            return {"serviceResponse": {"proxySuccess": {"proxyTicket": answer.ticket}}}
        case Failure():
            return {"serviceResponse": {answer.element: {"code": answer.code, "description": answer.description}}}


def as_lines(answer: Answer) -> str:
    """The answer of CAS 1 (§2.4): yes and the user, or no."""
    return f"yes\n{answer.user}\n" if isinstance(answer, Success) else "no\n\n"


def _success(answer: Success) -> str:
    parts = [_text("user", answer.user)]
    if answer.attributes:
        parts.append(_element("attributes", "".join(_attribute(*each) for each in answer.attributes.items())))
    if answer.proxy_granting_iou:
        parts.append(_text("proxyGrantingTicket", answer.proxy_granting_iou))
    if answer.proxies:
        parts.append(_element("proxies", "".join(_text("proxy", each) for each in answer.proxies)))
    return "".join(parts)


def _attribute(name: str, value: str | Sequence[str]) -> str:
    return "".join(_text(name, each) for each in ([value] if isinstance(value, str) else value))


def _element(name: str, inner: str) -> str:
    return f"<cas:{name}>{inner}</cas:{name}>"


def _text(name: str, value: str) -> str:
    """Characters that XML 1.0 cannot hold are left out."""
    return _element(name, escape("".join(each for each in value if each in "\t\n\r" or each >= " ")))
