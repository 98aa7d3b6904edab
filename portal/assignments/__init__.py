"""Publishing a path to a class: preview, publish, progress of large ones."""
