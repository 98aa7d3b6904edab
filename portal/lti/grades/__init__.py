"""Assignments and Grades: columns in the platform's gradebook, and scores that reach them."""
