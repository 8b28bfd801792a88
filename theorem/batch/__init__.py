"""The float64 engine for whole arrays of problems, with its proved rounding bounds."""
