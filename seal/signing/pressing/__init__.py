"""The one step that touches a seal's key: seal documents, check what came out.

Owns: which key and certificates belong to a format, our own check of our own output. Does not own: whether a seal may
be used, nor any record. Entry points: `order.PressOrder`, `press.press`, `here.PressHere`.
"""
