"""The data plane: HTTP/1.1 from the browser to the application and back, streaming, with sign-in on the way.

Owns: reading and writing HTTP (`server`, `upstream`), which headers and cookies may pass (`headers`, `cookies`), what
is done with each request (`routing`, `forwarding`, `own_pages`), tunnels for WebSocket (`tunnel`).
Does not own: who is signed in (`sign_in`), how applications are signed in to (`replay`).
Standard: RFC 9110, RFC 9112, RFC 6265, RFC 6455.
Entry points: `routing.Gateway`, `server.listen`.
"""
