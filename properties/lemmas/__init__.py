"""Claims of one's own, tried on random problems: what ``gdcheck claim`` runs."""
