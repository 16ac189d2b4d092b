"""The tree of regions, agencies and departments.

Owns: units, where each stands below another, moving whole subtrees.
Does not own: organisations as holders and issuers (`idp.organisations`; a unit names its agency by USCC), what anybody
may do in a unit (`idp.assignments`). Entry point: `service.UnitService`.
"""
