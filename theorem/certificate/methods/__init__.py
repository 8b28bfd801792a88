"""Answers and certificates of methods beside plain gradient descent."""
