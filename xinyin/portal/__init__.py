"""The front door: the home page and the portal of applications.

Owns: `/` and `/me/apps`. Does not own: what stands behind its links. Entry point: `routes.portal_routes`.
"""
