"""QR texts: what they are, whether their signed claims hold, and how the licence stands now.

Owns: `reading` (text → what it is), `claims` (COSE-signed claims against a trust list), `verdict` (the answer's shape),
`service` (the answer for a handle or presentation code), `routes` (`/v/{code}`).
Does not own: issuing handles, presentation codes or signed claims: that is `licence_vault`.
"""
