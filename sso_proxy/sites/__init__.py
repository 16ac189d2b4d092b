"""The applications behind the gateway.

Owns: what an application is called, where it is and how people are signed in to it.
Does not own: anybody's account there (`credentials`).
Entry points: `service.SiteService`, `site.Site`.
"""
