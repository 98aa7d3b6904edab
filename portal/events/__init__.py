"""Outbox and audit rows, written in the caller's transaction."""
