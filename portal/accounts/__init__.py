"""People: registration, sign-in, passwords, addresses, their settings."""
