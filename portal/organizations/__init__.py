"""Organizations, their members, invitations and the switcher."""
