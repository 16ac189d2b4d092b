"""The second factor of a sign-in: a code from an app, or a passkey.

Owns: which factors a person has, the pages that ask for one or set the first one up. Does not own: the factors
themselves (`idp.login.otp`, `idp.passkeys`). Entry points: `standing.SecondFactors`, `routes.FactorPages`.
"""
