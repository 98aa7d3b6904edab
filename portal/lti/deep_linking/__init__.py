"""Deep Linking: choosing what of the portal stands in a course."""
