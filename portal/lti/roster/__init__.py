"""Names and Roles: the people of a course, as the platform lists them."""
