"""Calendar feeds: a secret address a calendar polls, rendered by a writer of our own."""
