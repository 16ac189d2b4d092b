"""Sign-in sessions at the provider: the reason why the next application does not ask again.

Owns: the session a cookie stands for, its idle and absolute end, when and how the person proved to be there.
Does not own: how they prove it (`idp.login`), sessions of applications (they hold tokens).
Rules: the cookie's value is stored as a hash only, and is new after every sign-in (no fixation).
Standard: OpenID Connect Core 1.0 §2 (`auth_time`, `amr`, `acr`). Entry points: `service.SessionService`, `routes`.
"""
