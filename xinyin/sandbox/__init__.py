"""The sandbox: WeChat, QQ, Alipay and the state's registers, imitated on loopback with synthetic people.

Owns: what those services put on the wire, quirks included, so that connectors and foreign clients can be proven
without an account there; the faults they show on a bad day; a panel that stands in for the phone.
Does not own: anything of ours. It knows no table, session or page of Xinyin; production refuses to start with it.
Standard: the providers' own developer documents; each provider's folder names what it imitates.
Entry points: `app.create_sandbox_app(SandboxSettings)`, or one provider alone by `wechat_app`, `qq_app`, `alipay_app`;
`demo.build_demo` makes settings for both sides.
"""
