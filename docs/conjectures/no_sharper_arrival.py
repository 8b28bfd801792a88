"""True: where a point is approached without reaching it, every multiplier across the valley is below one."""

from gdcheck import Problem, claim, holds


def hyperbola(random, index):
    """Take the valley xy = 1, and a start from which some trajectories first go uphill."""
    t = random.randint(9, 20) / 8
    start = [t, round(1 / t, 3) + random.choice((-1, 1)) * random.randint(1, 16) / 128]
    return Problem.residuals(
        ["x*y - 1"], step_size=str(round(random.uniform(0.1, 1.4), 3)), start=[str(q) for q in start]
    )


@claim(
    "Gradient descent arrives at no minimizer sharper than 2/η.", source="Wu, Ma, E, NeurIPS 2018", generator=hyperbola
)
def no_sharper_arrival(problem, decision, trajectory):
    """Compare the sharpness at the proved point of arrival."""
    return holds(trajectory.final_sharpness * trajectory.step_size < 2)
