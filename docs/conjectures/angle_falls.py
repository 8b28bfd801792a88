"""False: on quadratics the angle falls at every step; the second order tilts what comes in along v₁."""

from gdcheck import claim, holds


@claim(
    "With a small step the angle to v₁ falls at every step.", source="folklore", regimes="small-step", dimensions=(2, 2)
)
def angle_falls(problem, decision, trajectory):
    """Compare squared cosines: a falling angle has a rising one."""
    c = trajectory.eigen_coordinates[:, 0] ** 2 / trajectory.distance**2
    return holds(c[1:] > c[:-1], note="the angle to v₁ rises")
