"""What verdicts and reasons are called, as msgids: one table, used by the pages and by the command line."""

from seal.validation.report import Indication
from verify.standing import LicenceState

STATE_SENTENCES = {
    LicenceState.VALID: "The licence is in force now.",
    LicenceState.NOT_YET_VALID: "The licence is genuine, but its validity has not begun.",
    LicenceState.SUSPENDED: "The issuer has suspended the licence for now.",
    LicenceState.REVOKED: "The issuer has revoked the licence for good.",
    LicenceState.EXPIRED: "The licence has run out.",
    LicenceState.SUPERSEDED: "This version has been replaced by a newer one.",
    LicenceState.UNKNOWN: "There is no licence for this code.",
    LicenceState.PRESENTATION_EXPIRED: "The code was shown too long ago, or was already used.",
}

STATE_ACTIONS = {
    LicenceState.VALID: "Compare the licence in front of you with what is shown here.",
    LicenceState.NOT_YET_VALID: "Do not accept it before its first day.",
    LicenceState.SUSPENDED: "Do not accept it. The holder can ask the issuer why.",
    LicenceState.REVOKED: "Do not accept it. The holder can ask the issuer why.",
    LicenceState.EXPIRED: "Ask the holder for a renewed licence.",
    LicenceState.SUPERSEDED: "Ask the holder for the newest version.",
    LicenceState.UNKNOWN: "Scan the code again. If it stays unknown, do not accept it.",
    LicenceState.PRESENTATION_EXPIRED: "Ask the holder to show a new code.",
}

INDICATION_TITLES = {
    Indication.PASSED: "Genuine and in order",
    Indication.FAILED: "Do not accept it",
    Indication.INDETERMINATE: "Cannot be confirmed",
}

INDICATION_MARKS = {
    Indication.PASSED: "valid",
    Indication.FAILED: "revoked",
    Indication.INDETERMINATE: "unknown",
}

INDICATION_SENTENCES = {
    Indication.PASSED: "Everything that was checked holds.",
    Indication.FAILED: "At least one check failed.",
    Indication.INDETERMINATE: "Something could not be decided. See the checks below.",
}

SUB_INDICATION_SENTENCES = {
    "FORMAT_FAILURE": "The file cannot be read as a sealed OFD or PDF. Ask for the original file.",
    "HASH_FAILURE": "The file was changed after it was sealed.",
    "SIG_CRYPTO_FAILURE": "The signature is not genuine.",
    "SIGNED_DATA_NOT_FOUND": "A part that was sealed is missing from the file.",
    "SIG_CONSTRAINTS_FAILURE": "The seal was not used as its rules demand.",
    "CHAIN_CONSTRAINTS_FAILURE": "The signer's certificate may not be used for this.",
    "CERTIFICATE_CHAIN_GENERAL_FAILURE": "The signer's certificate cannot be relied on.",
    "NO_SIGNING_CERTIFICATE_FOUND": "The signer's certificate is missing.",
    "NO_CERTIFICATE_CHAIN_FOUND": "The signer is not on the list of those we trust.",
    "CRYPTO_CONSTRAINTS_FAILURE": "The signature uses an algorithm that is no longer safe.",
    "EXPIRED": "The seal or its certificate had run out when it was used.",
    "NOT_YET_VALID": "The seal or its certificate was not in force yet when it was used.",
    "REVOKED": "The seal or its certificate had been revoked when it was used.",
    "REVOKED_NO_POE": "The seal's certificate is revoked, and nothing proves that it was used before.",
    "TRY_LATER": "What is at hand is too old to tell how the licence stands. Fetch a new trust folder.",
    "NO_SIGNATURE": "The file carries no seal, so nothing shows who issued it.",
}

NOT_ANCHORED_SENTENCES = {
    True: "The file is whole and unchanged since it was sealed, but who sealed it is not on the trust list.",
}
"""When that is all there is to say against a file: it may well be genuine, and its issuer's root must be loaded."""

TIME_SOURCES = {
    "signer": "stated by the signer",
    "timestamp": "proven by a timestamp",
    "none": "unknown",
}

SEAL_STATES = {
    "active": "in force",
    "suspended": "suspended",
    "revoked": "revoked",
    "unknown": "standing unknown",
}
