"""Alipay imitated: the authorisation page and the signed gateway behind it.

Owns: openauth.alipay.com/oauth2/publicAppAuthorize.htm and openapi.alipay.com/gateway.do under one address, with RSA2
both ways.
Does not own: payment, real-name products, certificate mode and the newer /v3/ paths.
Standard: 支付宝开放平台《获取会员信息》, alipay.system.oauth.token and alipay.user.info.share, with what the real
gateway does beside the text: parameters from query and body together, a signature over the raw bytes of the answer, the
string to sign quoted back when a request's signature fails. A refusal on the page comes back with `error_scope` and no
`auth_code`; that shape is ours.
Entry points: `routes.alipay_routes`.
"""
