"""The second implementation: checks network certificates in wider precision, sharing no code with the prover.

NumPy and Arb are allowed here, and the standard library; nothing else of gdcheck is imported.
"""
