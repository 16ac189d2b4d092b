"""The citizen's pages: licences as cards, one licence, showing it.

Owns: `/me/licences…`. Does not own: what is shown (`licence_vault.lookup`, `licence_vault.presentations`). Entry point:
`routes.page_routes`.
"""
