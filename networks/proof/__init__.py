"""Training runs of real networks, proved: enclosed from the first weights to the direction of arrival."""
