"""SAML 2.0: this house as an identity provider for applications (service providers) that speak it.

Owns: our metadata (`own_metadata`) and the keys behind it (`keys`), the applications (`applications`), sign-in
(`sign_in`), answers (`assertion`), logout (`logout`). Does not own: sessions and signing in, which are those of every
other protocol; XML itself (`wire`).
Standards: SAML 2.0 Core, Bindings, Profiles, Metadata (OASIS, 2005, with errata 05); XML Signature 1.1, XML Encryption
1.1. Entry points: `rooms.saml_routes`, `applications.registry.SamlApplications`.
Rules: nothing of a message is used that its signature does not cover; an address is answered only if the metadata of
the application names it; SHA-1, CBC and DOCTYPEs are refused.
"""
