"""Judging licences that come as signed JSON or as credentials out of wallets (SD-JWT VC), with key binding or without.

Owns: knowing them when they are sent, their checks. Does not own: what they say (`licence_vault.forms`), the form of
SD-JWTs (`kernel.crypto.sd_jwt`). Standards: RFC 9901 §7, RFC 8725. Entry points: `reading.read_credential`,
`judging.judge_credential`.
"""
