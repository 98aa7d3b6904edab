"""The page shell, assets, headers, formats and error pages that every feature shares."""
