"""Applications that sign people in or call the APIs (OAuth clients). Does not own: them (`idp.clients`)."""
