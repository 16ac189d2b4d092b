"""Under which name we sign documents; a verifier holds files of this name to the one form that we write."""

PROVIDER = "Xinyin"
PROVIDER_VERSION = "1"
