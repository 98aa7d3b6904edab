"""The educator's page of a class that is a course: roster, content, gradebook, scores."""
