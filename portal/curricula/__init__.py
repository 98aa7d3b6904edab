"""Learning paths: the draft and its editor, checks, immutable versions, import."""
