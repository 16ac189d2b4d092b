"""WeChat imitated: QR sign-in for web sites, consent inside WeChat, and the `sns` API behind both.

Owns: open.weixin.qq.com/connect/…, lp.open.weixin.qq.com/connect/l/… and api.weixin.qq.com/sns/… under one address.
Does not own: mini-programs, scan-to-follow, WeChat Work.
Standard: 微信开放平台《网站应用微信登录开发指南》 and 公众号《网页授权》, with what the real servers do beside
the text: HTTP 200 for every error, `text/plain` around JSON, `rid` in the message, a refusal that is a state alone.
Entry points: `routes.wechat_routes`.
"""
