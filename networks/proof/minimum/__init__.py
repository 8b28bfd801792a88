"""A network's strict minimum, as weight decay makes it: the minimizer enclosed, runs that arrive there proved."""
