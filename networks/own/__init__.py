"""A user's own network, loss, data and optimizer, measured: ``measure`` trains, ``Monitor`` watches a loop."""
