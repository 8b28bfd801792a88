"""Maps of starts: which limit each start takes."""
