"""The assumptions of Theorem 1, decided exactly: spectrum, regime, preimages of null sets."""
