"""Answers and certificates for methods other than plain gradient descent."""
