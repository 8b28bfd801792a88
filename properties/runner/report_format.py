"""The name of the claims report's format, apart from the pytest plugin: reports are read where no pytest is."""

FORMAT = "gdcheck-claims/1"
