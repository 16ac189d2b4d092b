"""Second factors: what a person can show beside a password.

Owns: one-time codes of an app, and which factors somebody has. Does not own: passkeys (`idp.passkeys`), when a factor
is asked for and on which pages (`idp.login`).
Standard: RFC 6238. Entry points: `standing.SecondFactors`, `totp.TotpService`.
"""
