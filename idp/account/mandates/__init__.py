"""`/account/mandates`, `/account/acting`: a person's mandates, those they give, and for whom their browser acts.

Owns: these pages. Does not own: what mandates are and do (`idp.mandates`). Entry point: `routes.MandatePages`.
"""
