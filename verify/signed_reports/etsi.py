"""A report as ETSI TS 119 102-2 has it: one `SignatureValidationReport` a signature, and what they rest on beside.

The standard speaks of signatures alone. What is found on the licence and on the file as a whole stands in an element of
ours beside each signature's status, so that a signature that holds is never taken for a licence in force; the whole
report travels along as a validation object.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from typing import Any, Final

from lxml import etree

from verify.signed_reports.policy import as_base64

VR: Final = "http://uri.etsi.org/19102/v1.2.1#"
XADES: Final = "http://uri.etsi.org/01903/v1.3.2#"
DS: Final = "http://www.w3.org/2000/09/xmldsig#"
TSL: Final = "http://uri.etsi.org/02231/v2#"
OURS: Final = "urn:xinyin:verification-report:1"
SHA256: Final = "http://www.w3.org/2001/04/xmlenc#sha256"
REPORT_OBJECT: Final = "report"
_PREFIXES: Final[Any] = {None: VR, "xades": XADES, "ds": DS, "tsl": TSL, "x": OURS}
_ETSI: Final = "urn:etsi:019102"
_PROCESS: Final = f"{_ETSI}:validationprocess:Basic"
_POLICY_NAME: Final = "Xinyin verification policy"
_RESULTS: Final = {"PASSED": "passed", "WARNING": "passed", "INDETERMINATE": "indeterminate", "FAILED": "failed"}

Node = etree._Element


def etsi_report(report: Mapping[str, Any], validator: bytes) -> Node:
    """`vr:ValidationReport`, not signed yet. `report`: as sent, with its basis; `validator`: DER, who reports."""
    root = etree.Element(etree.QName(VR, "ValidationReport"), nsmap=_PREFIXES)
    signatures = report["signatures"] or [None]
    for number, signature in enumerate(signatures, start=1):
        root.append(_signature_report(report, signature, number))
    root.append(_objects(report))
    digital = _add(_add(root, "SignatureValidator"), "DigitalId")
    _add(digital, "X509Certificate", b64encode(validator).decode(), TSL)
    return root


def report_in(root: Node) -> dict[str, Any]:
    """The whole report that travels in `etsi_report`'s XML. Raises ValueError when there is none."""
    for each in root.iter(etree.QName(VR, "ValidationObject").text):
        if each.get("id") == REPORT_OBJECT:
            text = each.findtext(f".//{{{VR}}}base64") or ""
            found: dict[str, Any] = json.loads(b64decode(text, validate=True))
            return found
    raise ValueError("there is no report in it")


def _signature_report(report: Mapping[str, Any], signature: Mapping[str, Any] | None, number: int) -> Node:
    node = etree.Element(etree.QName(VR, "SignatureValidationReport"))
    if signature is not None:
        identifier = _add(node, "SignatureIdentifier")
        identifier.set("id", f"signature-{number}")
        _add(identifier, "HashOnly", "false")
        _add(identifier, "DocHashOnly", "false")
        _add(identifier, "DAIdentifier", f"{signature['kind']} {number}")
    _constraints(node, report, signature)
    _times(node, report, signature)
    _digest(_add(node, "SignersDocument"), report["document"]["digest"])
    if signature is not None:
        _attributes(node, signature)
        if signature.get("certificate_sha256"):
            signer = _add(node, "SignerInformation")
            _add(signer, "SignerCertificate").set("VOReference", _certificate_id(signature))
            _add(signer, "Signer", signature["signer"])
    process = _add(node, "SignatureValidationProcess")
    _add(process, "SignatureValidationProcessID", _PROCESS)
    _add(process, "SignatureValidationServicePolicy", report["basis"]["policy"]["uri"])
    _status(node, "SignatureValidationStatus", signature or report, _about(signature) if signature else {})
    _verdict(node, report)
    return node


def _constraints(node: Node, report: Mapping[str, Any], signature: Mapping[str, Any] | None) -> None:
    evaluation = _add(node, "ValidationConstraintsEvaluationReport")
    policy = _add(evaluation, "SignatureValidationPolicy")
    stated = report["basis"]["policy"]
    named = _add(_add(policy, "SignaturePolicyIdentifier"), "SignaturePolicyId", space=XADES)
    _add(_add(named, "SigPolicyId", space=XADES), "Identifier", stated["id"], XADES)
    _digest_into(_add(named, "SigPolicyHash", space=XADES), stated["sha256"])
    _add(policy, "PolicyName", _POLICY_NAME)
    _add(policy, "ReadablePolicyURI", stated["uri"])
    for check in [*report["checks"], *(signature["checks"] if signature else ())]:
        constraint = _add(evaluation, "ValidationConstraint")
        _add(constraint, "ValidationConstraintIdentifier", f"urn:xinyin:check:{check['id']}")
        _add(_add(constraint, "ConstraintStatus"), "Status", f"{_ETSI}:constraintStatus:applied")
        found = {"indication": _RESULTS[check["result"]], "sub_indication": check.get("sub_indication")}
        _status(constraint, "ValidationStatus", found, {"name": check["name"], "detail": check["detail"]})


def _times(node: Node, report: Mapping[str, Any], signature: Mapping[str, Any] | None) -> None:
    """What the signer states proves nothing: without a time stamp the signature is known to be as old as the check."""
    times = _add(node, "ValidationTimeInfo")
    _add(times, "ValidationTime", report["checked_at"])
    best = _add(times, "BestSignatureTime")
    stamped = signature is not None and signature["time"]["source"] == "timestamp" and signature["time"]["value"]
    _add(best, "POETime", stamped or report["checked_at"])
    _add(best, "TypeOfProof", f"{_ETSI}:poetype:validation")


def _attributes(node: Node, signature: Mapping[str, Any]) -> None:
    claimed = signature["time"]["value"]
    if claimed and signature["time"]["source"] == "signer":
        signing_time = _add(_add(node, "SignatureAttributes"), "SigningTime")
        signing_time.set("Signed", "true")
        _add(signing_time, "Time", claimed)


def _about(signature: Mapping[str, Any]) -> dict[str, str]:
    about = {"kind": signature["kind"], "covers_whole_document": str(signature["covers_whole_document"]).lower()}
    seal = signature.get("seal")
    return about | ({f"seal_{name}": str(value) for name, value in seal.items()} if seal else {})


def _status(node: Node, name: str, found: Mapping[str, Any], told: Mapping[str, str]) -> None:
    status = _add(node, name)
    _add(status, "MainIndication", f"{_ETSI}:mainindication:{found['indication'].lower()}")
    if found.get("sub_indication"):
        _add(status, "SubIndication", f"{_ETSI}:subindication:{found['sub_indication']}")
    if told:
        data = _add(_add(status, "AssociatedValidationReportData"), "AdditionalValidationReportData")
        for kind, text in told.items():
            entry = _add(data, "ReportData")
            _add(entry, "Type", f"urn:xinyin:report-data:{kind.replace('_', '-')}")
            _add(entry, "Value", text)


def _verdict(node: Node, report: Mapping[str, Any]) -> None:
    """The verdict on all of it: file, signatures and licence."""
    verdict = _add(node, "Verdict", space=OURS)
    verdict.set("indication", report["indication"])
    if report.get("sub_indication"):
        verdict.set("subIndication", report["sub_indication"])
    verdict.set("code", str(report["code"]))
    verdict.text = _plain(report["reason"])


def _objects(report: Mapping[str, Any]) -> Node:
    objects = etree.Element(etree.QName(VR, "SignatureValidationObjects"))
    _digest(_object(objects, "document", "signedData"), report["document"]["digest"])
    certificates = {_certificate_id(each): each["certificate_sha256"] for each in _with_certificate(report)}
    for id, digest in sorted(certificates.items()):
        _digest(_object(objects, id, "certificate"), digest)
    for number, used in enumerate(report["basis"].get("revocation_lists", ()), start=1):
        _digest(_object(objects, f"crl-{number}", "CRL"), used["sha256"])
    for name in ("seal_status_list", "licence_status_list"):
        if used := report["basis"].get(name):
            _digest(_object(objects, name.replace("_", "-"), "other"), used["sha256"])
    whole = json.dumps(report, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    _add(_object(objects, REPORT_OBJECT, "other"), "base64", b64encode(whole).decode())
    return objects


def _with_certificate(report: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return [each for each in report["signatures"] if each.get("certificate_sha256")]


def _certificate_id(signature: Mapping[str, Any]) -> str:
    return f"certificate-{signature['certificate_sha256'][:32]}"


def _object(objects: Node, id: str, kind: str) -> Node:
    each = _add(objects, "ValidationObject")
    each.set("id", id)
    _add(each, "ObjectType", f"{_ETSI}:validationObject:{kind}")
    return _add(each, "ValidationObjectRepresentation")


def _digest(node: Node, digest: str) -> None:
    _digest_into(_add(node, "DigestAlgAndValue"), digest.removeprefix("sha256:"))


def _digest_into(node: Node, hex_digest: str) -> None:
    etree.SubElement(node, etree.QName(DS, "DigestMethod")).set("Algorithm", SHA256)
    _add(node, "DigestValue", as_base64(hex_digest), DS)


def _add(node: Node, name: str, text: str | None = None, space: str = VR) -> Node:
    child = etree.SubElement(node, etree.QName(space, name))
    if text is not None:
        child.text = _plain(text)
    return child


def _plain(text: str) -> str:
    """Without what XML cannot hold: names in strangers' files may have anything in them."""
    return "".join(
        " " if each < " " or each in "\ufffe\uffff" or "\ud800" <= each <= "\udfff" else each for each in text
    )
