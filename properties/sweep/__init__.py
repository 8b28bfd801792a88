"""Many problems over cores, a GPU or a cluster, certified a batch at a time."""
