"""What every address shares and operators look at: health, metrics, and how methods are answered.

Owns: `/healthz`, `/readyz`, `/metrics`, HEAD, OPTIONS and `Allow`. Does not own: errors (`kernel.web.problems`), logs.
Standard: RFC 9110 §9. Entry points: `health.operations_routes`, `metrics.Metrics`, `methods.MethodsMiddleware`.
"""
