"""What differs between learning platforms, one object each; nothing else asks which platform it is."""
