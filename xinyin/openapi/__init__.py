"""`/openapi.json`: every address that programs call, in one OpenAPI 3.1 document.

Owns: the words for plain routes and what FastAPI cannot know of its own. Does not own: the routes. Nothing is described
that the running service does not serve. Standard: OpenAPI 3.1.0. Entry point: `document.describe_in`.
"""
