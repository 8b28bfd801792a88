"""The statement under test, its engines and its checker: no randomness, no files, no terminal."""
