"""Applications (service providers) that sign people in by SAML.

Owns: reading their metadata (`metadata`), which are registered and what they may be told (`registry`, `application`).
Does not own: messages to and from them. Standard: SAML Metadata 2.0, Metadata for Algorithm Support 1.0.
Entry points: `registry.SamlApplications`, `metadata.read_metadata`.
"""
