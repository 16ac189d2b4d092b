"""The console of those who run Xinyin: officers, approvers, and the three administrators, each with their own rooms.

Owns: pages under `/console`; one folder a concern. Does not own: any rule or row: every page asks a service of another
package and shows the answer. Standard: GB/T 22239-2019 §8.1.4.1-3 (separate system, security and audit administrators).
Entry points: `app.build_services`, `app.page_routes`, `app.NAVIGATION`.
"""
