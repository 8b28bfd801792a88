"""One verdict for one problem, and the chain of lemmas of the paper beside it."""
