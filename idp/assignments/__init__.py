"""Roles for a time and a place: given to a person or a group, in a unit and below, from a day to a day.

Owns: assignments, groups and their members, what an agency's own administrator may do (delegated administration).
Does not own: the roles and their scopes (`idp.roles`), the tree (`idp.units`).
Entry points: `service.AssignmentService`, `groups.GroupService`, `records.find_assigned` (what counts for a token).
"""
