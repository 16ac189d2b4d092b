"""QQ Connect imitated: graph.qq.com under one address.

Owns: the sign-in page, tokens, openid and unionid, the profile, and the error numbers.
Does not own: QQ mini-programs and the old WAP host.
Standard: QQ 互联《网站应用接入》, with what the real server does beside the text: url-encoded or JSONP answers unless
`fmt=json` is asked for, byte-exact `callback( … );\\n`, errors at HTTP 200, a `code` in the callback that is an error
number when `msg` stands beside it.
Entry points: `routes.qq_routes`.
"""
