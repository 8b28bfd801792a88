"""Batches of millions of random problems, resumable, in worker processes."""
