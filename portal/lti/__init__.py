"""LTI 1.3 Advantage: launches from a learning platform, its roster, its gradebook."""
