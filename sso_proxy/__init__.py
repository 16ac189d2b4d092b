"""Single sign-on in front of applications that know nothing of it, without changing them.

Owns: the gateway's data plane (`gateway`), its sign-in at the identity provider (`sign_in`), the applications behind it
(`sites`), what people gave it to sign in there (`credentials`), filling in login forms (`replay`), finding them
(`probe`), and answers for other people's proxies (`forward_auth`).
Does not own: who people are (any OpenID Connect provider says so), and no private key.
Standard: RFC 9110 and 9112 (HTTP), RFC 6265 (cookies), RFC 6455 (WebSocket), HTML Living Standard §4.10.22.
Entry points: `app.build_services`, `app.start_gateway`, `app.page_routes`, `app.api_router`, `probe.probe.probe`.
"""
