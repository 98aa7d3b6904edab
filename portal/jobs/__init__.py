"""Queued work: events and due pointers become RQ jobs; PostgreSQL is the truth, Redis may be emptied."""
