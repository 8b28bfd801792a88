"""What else is decided where the minimizer, or another critical point, of a smooth loss is enclosed."""
