"""Certificates read strictly from JSON: fields by their types, records of the theorem, texts of losses."""
