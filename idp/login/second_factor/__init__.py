"""The pages of the second factor, and of signing in by passkey. Entry point: `routes.FactorPages`."""
