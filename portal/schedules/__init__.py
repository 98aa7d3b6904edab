"""Schedules: the bridge between rows and the pacing engine, and the bulk writer."""
