"""The ``portal`` command. Its commands call services and hold no rules."""
