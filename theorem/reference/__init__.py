"""The second engine: mpmath at high precision, from the loss as it is written; what it sees is observed, not proved."""
