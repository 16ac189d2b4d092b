"""The pages of signing in by a code sent to a phone or by e-mail. Entry point: `routes.CodePages`."""
