"""The same codes, keys and lists lead Python and the browser to the same verdicts."""

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from kernel.errors import InvalidInput
from tests.verify.vectors.making import FILE
from verify.cli import verify_offline
from verify.standing import LicenceState

VECTORS: Mapping[str, Any] = json.loads(FILE.read_bytes())
STATES = {LicenceState.REVOKED: "revoked", LicenceState.SUSPENDED: "suspended", LicenceState.SUPERSEDED: "superseded"}
SUB_INDICATIONS = {
    "NO_SIGNING_CERTIFICATE_FOUND": "unknown",
    "EXPIRED": "expired",
    "NOT_YET_VALID": "early",
    "TRY_LATER": "stale",
    "FORMAT_FAILURE": "no_place",
}


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_python_reaches_the_verdict(case: Mapping[str, Any], tmp_path: Path) -> None:
    assert word(case, tmp_path) == case["expect"]


def test_there_are_forgeries_enough_and_none_is_accepted() -> None:
    forged = [case for case in VECTORS["cases"] if case["name"].endswith("_fail")]
    assert len(forged) >= 24
    assert {case["expect"] for case in forged} == {"broken"}


def word(case: Mapping[str, Any], folder: Path) -> str:
    """The command's verdict in the vectors' words."""
    pack = case.get("pack", VECTORS["pack"])
    write_directory(pack, folder)
    try:
        report = verify_offline(case["text"], folder, lambda: datetime.fromisoformat(VECTORS["at"]))
    except InvalidInput as refusal:
        return "none" if "carries no signature" in refusal.message else "not_a_code"
    told = report.to_dict()
    if report.state in STATES:
        return STATES[report.state]
    if told["indication"] == "TOTAL-PASSED":
        listed = [each for each in report.checks if "list of" in each.detail]
        return "valid" if listed and listed[0].result.value == "PASSED" else "holds"
    return SUB_INDICATIONS.get(told.get("sub_indication", ""), "broken")


def write_directory(pack: Mapping[str, Any], folder: Path) -> None:
    """The pack as the folder that `xinyin verify --trust` takes."""
    trust = pack["trust_list"]
    (folder / "qr-keys.json").write_text(json.dumps(trust["qr_keys"]))
    (folder / "status-keys.json").write_text(json.dumps(trust["status_keys"]))
    (folder / "trust-list.json").write_text(json.dumps(trust))
    (folder / "status").mkdir(exist_ok=True)
    for number, token in enumerate(pack["status_lists"]):
        (folder / "status" / f"{number}.jwt").write_text(token, encoding="ascii")
    assert all(base64.b64decode(key["spki"]) for key in trust["qr_keys"])
