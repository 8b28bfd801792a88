"""The second engine: mpmath at high precision, from the loss as it is written; its results are observed, not proved."""
