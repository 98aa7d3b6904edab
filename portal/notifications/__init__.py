"""Notifications: what a member hears about, when, and through which channel.

Decide writes rows (a notification in the portal, a delivery to send); deliver takes one delivery, sends it
once and records the outcome. Nobody calls this package: it hears events and due work.
"""
