"""Classes: their calendar, people, rosters, holidays and terms."""
