"""The CAS protocol, versions 1 to 3, for applications that speak nothing newer.

Owns: which applications may take part (`applications`), tickets (`tickets`), the way through sign-in (`sign_in`),
validation and proxying (`validation`), the answers' text (`answers`), telling applications of a logout (`logout`).
Does not own: sessions and sign-in, which are those of every other protocol.
Standard: CAS Protocol 3.0.3 Specification (apereo.github.io/cas). Entry points: `routes.CasPages`.
Rules: a ticket opens once, for one application, within a minute; tickets hold letters, digits, `-` and `.` alone, for
mod_auth_cas matches them so; addresses are compared decoded, for clients encode them differently.
"""
