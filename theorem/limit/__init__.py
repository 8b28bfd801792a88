"""The amplitude lemma: one inequality at one step settles a limit of direction."""
