"""Signing in on a device without a keyboard, by another one that has somebody signed in (RFC 8628).

Owns: device codes and user codes, the device authorization endpoint, the pages where a person lets a device in. Does
not own: the tokens (`oauth2.grants.device_code`).
Rules: a person always sees which application asks and confirms; guessing codes is counted and stopped.
Entry points: `codes.DeviceCodes`, `service.DeviceAuthorization`, `routes`, `pages`.
"""
