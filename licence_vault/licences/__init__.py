"""The licences themselves: records, states, history, personal data under envelope.

Owns: `vault_licence`, `vault_licence_event`, `vault_idempotency`, `vault_outbox`, `vault_access`. Does not own: the
ways in (`issuing`) and out (`lookup`, `presentations`). Standard: GB/T 36903-2018. Entry points: `licence.Licence`,
`records`, `protection.LicenceData`.
"""
