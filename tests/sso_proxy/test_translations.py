"""Every text that the gateway shows exists in Chinese, with the same places to fill."""

from sso_proxy.gateway import enrolment, forwarding
from sso_proxy.gateway.own_pages import Notice
from tests.spoken import catalogue, different_places, spoken_by

# Said by what an operator sees alone: errors and remarks of the probe.
PROBE = {
    "{url} does not answer.",
    "{url} leads in circles.",
    "The front page is open to all; give a page that asks for sign-in as the entry page.",
    "No sign-in form was found: identity headers are proposed.",
}


def said() -> set[str]:
    notices = [each for each in vars(forwarding).values() if isinstance(each, Notice)]
    texts = {text for each in notices for text in (each.title, each.text, each.action) if text}
    return spoken_by("sso_proxy") | texts | set(enrolment.REFUSED.values()) | PROBE


def test_every_text_is_translated() -> None:
    known = catalogue("sso_proxy")
    assert sorted(text for text in said() if not known.get(text)) == []


def test_no_translation_is_left_over() -> None:
    assert sorted(set(catalogue("sso_proxy")) - said()) == []


def test_translations_fill_the_same_places() -> None:
    assert different_places(catalogue("sso_proxy")) == []
