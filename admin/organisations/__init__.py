"""Organisations: the agencies that issue and the enterprises that hold. Does not own: them (`idp.organisations`)."""
