"""True: starts are drawn in the certified ball, in which every step shortens the distance by a factor below one."""

from gdcheck import claim, holds


@claim("Near the minimizer every step leads nearer to it.", source="the paper, Lemma 2", dimensions=(2, 3))
def distance_falls(problem, decision, trajectory):
    """Compare the distances of consecutive steps."""
    return holds(trajectory.distance[1:] < trajectory.distance[:-1])
