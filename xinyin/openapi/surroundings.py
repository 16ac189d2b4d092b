"""Health, QR codes, the offline page and forward auth: plain routes, described by hand."""

from collections.abc import Mapping
from typing import Any

from sso_proxy.forward_auth.routes import ORIGINAL_URI, PROXIES
from xinyin.openapi.identity import PAGE, operation
from xinyin.openapi.shapes import TEXT, json_answer, parameter, ref, shape

OPERATIONS, VERIFICATION, FORWARD = ["operations"], ["verification"], ["forward auth"]


def _verdict(description: str) -> dict[str, Any]:
    return {
        "description": description,
        "content": {"application/json": {"schema": ref("Verdict")}, "text/html": {"schema": TEXT}},
    }


def _forward_auth(proxy: str) -> dict[str, Any]:
    return {
        "get": operation(
            FORWARD,
            f"May this request pass? (for {proxy})",
            {
                "200": {
                    "description": "Signed in",
                    "headers": {"X-Xinyin-User": {"schema": TEXT}, "X-Xinyin-Name": {"schema": TEXT}},
                },
                "401": {"description": "Not signed in", "headers": {"Location": {"schema": TEXT}}},
                "403": {"description": "The address can be read in two ways"},
            },
            parameters=[parameter(name, "header", "The address asked for") for name in ORIGINAL_URI],
        )
    }


SURROUNDING_PATHS: Mapping[str, dict[str, Any]] = {
    "/healthz": {
        "get": operation(
            OPERATIONS, "Alive", {"200": json_answer("This process answers", shape({"status": {"const": "alive"}}))}
        )
    },
    "/readyz": {
        "get": operation(
            OPERATIONS,
            "Ready: every dependency by name",
            {
                "200": json_answer("Everything answers", ref("Readiness")),
                "503": json_answer("What is “away” does not answer", ref("Readiness")),
            },
        )
    },
    "/metrics": {
        "get": operation(
            OPERATIONS,
            "Prometheus metrics",
            {"200": {"description": "Text format", "content": {"text/plain": {"schema": TEXT}}}},
        )
    },
    "/v/{code}": {
        "get": operation(
            VERIFICATION,
            "What a licence's QR code opens, static or shown by its holder",
            {
                "200": _verdict("The licence as it stands now"),
                "404": _verdict("No licence has this code: state unknown"),
                "410": _verdict("The shown code has lapsed: state presentation_expired"),
                "429": {"$ref": "#/components/responses/Problem"},
            },
            description="Also under /V/, as QR codes have it. A page for browsers, JSON for everyone else. Never kept.",
            parameters=[parameter("code", "path", "What follows /v/ in the QR code")],
        )
    },
    "/verify/offline/": {
        "get": operation(VERIFICATION, "A page that checks QR codes with no network once it was open", {"200": PAGE})
    },
    **{f"/forward-auth/{proxy}": _forward_auth(proxy) for proxy in PROXIES},
}
