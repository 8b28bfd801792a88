"""The report of a run: its schema, its picture, its page, and how they are written."""
