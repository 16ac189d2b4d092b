"""Answers for nginx `auth_request`, Traefik and Caddy `forward_auth`, Envoy `ext_authz`: may this request pass?

Owns: the four endpoints and the identity headers that they give.
Does not own: the session (`kernel.web.sign_in`), the proxied request.
Entry points: `routes.routes`.
"""
