"""Certificates and answers: their shape, their writing, and the door to the checker."""
