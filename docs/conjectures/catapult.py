"""False: that is the catapult. Above 2/η the loss may rise, and the trajectory then finds its way to the minimizer."""

from gdcheck import Problem, claim, holds


def sharp(random, index):
    """Make a well that is sharper outside than at its minimizer."""
    x, y = random.randint(8, 24), random.randint(-9, 9) or 1
    return Problem("x**2 + y**2/8 + x**4/2", step_size="9/10", start=[f"{x}/100", f"{y}/100"])


@claim(
    "What starts at a sharpness above 2/η does not converge.",
    source="folklore; against it Lewkowycz et al., 2020",
    generator=sharp,
)
def catapult(problem, decision, trajectory):
    """Look for a start above 2/η among the trajectories that are proved to converge."""
    return holds(trajectory.sharpness[0] * trajectory.step_size <= 2, note="it starts above 2/η and converges")
