"""Every claim of the theorem against random problems: each is a test, as the claims of a user's own are.

``pytest tests/properties/test_claims.py --gdcheck-budget 2000`` examines so many problems for each, fewer for the
costly ones; ``gdcheck claim theorem`` spreads them over all cores by shards, and goes on where it was ended.
"""

from gdcheck.properties.claims.registry import CLAIMS
from gdcheck.properties.lemmas.built_in import SEARCH, built_in

globals().update({name: built_in(name) for name in CLAIMS})
search = built_in("direction" + SEARCH)
