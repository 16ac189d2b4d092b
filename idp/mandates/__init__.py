"""Who may act for a legal person: its legal representative (法定代表人) and the agents (经办人) that one appoints.

Owns: mandates with their powers, term and history; what ends with a mandate.
Does not own: pages (`idp.account.mandates`), memberships in agencies (`idp.organisations`),
roles of officers (`idp.roles`).
Entry points: `service.MandateService`, `records.Acting` (which mandate a session or token acts under, and when).
"""
