"""Pushed authorization requests (RFC 9126): the client sends its request itself, the browser carries a number.

Owns: the endpoint. Does not own: the rules of requests and where pushed ones are kept (`oauth2.authorize`).
Entry points: `service.PushEndpoint`, `routes`.
"""
