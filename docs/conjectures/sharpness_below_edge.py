"""False: the loss can fall all the way while the sharpness passes 2/η, for the steps are not along that curvature."""

from gdcheck import Problem, claim, holds


def worked(random, index):
    """Take the worked example of the paper's section 3, from other starts."""
    start = [f"{random.randint(-9, 9) or 1}/100" for _ in "xy"]
    return Problem("x**2 + y**2/2 + x**2*y + x**3", step_size=f"{random.randint(90, 97)}/100", start=start)


@claim(
    "The sharpness never exceeds 2/η if the loss falls.",
    source="folklore: the descent lemma read backwards",
    generator=worked,
)
def sharpness_below_edge(problem, decision, trajectory):
    """Ask for a sharpness above 2/η on a trajectory whose loss falls at every step that is followed."""
    falls = (trajectory.loss[1:] < trajectory.loss[:-1]).all()
    below = (trajectory.sharpness * trajectory.step_size <= 2).all()
    return holds(~falls | below, note="the loss falls at every step, and the sharpness was above 2/η")
