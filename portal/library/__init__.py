"""The library: domains, categories and activities of an organization."""
