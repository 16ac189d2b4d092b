"""Sign-in by WeChat, QQ and Alipay, and the tie between their accounts and our persons.

Owns: one connector a provider (what goes over the wire and what must hold of the answers), the state of a sign-in that
is away at a provider, the external identifiers of a person, linking and unlinking.
Does not own: persons, sessions, what follows a sign-in; it is handed `PersonDirectory` and `CompleteLogin`.
Standard: RFC 6749 §4.1 and §10.12 in spirit (code, state bound to the browser); the wire is each provider's own:
微信开放平台网站应用微信登录 and 公众号网页授权, QQ 互联 OAuth 2.0, 支付宝 alipay.system.oauth.token with RSA2.
Entry points: `service.FederationService`, `accounts.ExternalAccounts`, `routes.federation_routes`, and the connectors
`wechat.WeChatConnector`, `qq.QQConnector`, `alipay.AlipayConnector`.
"""
