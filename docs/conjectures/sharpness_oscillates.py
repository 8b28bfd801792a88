"""False as worded: where the slope C_η is zero the next order decides, and the sharpness stays on one side."""

from gdcheck import Problem, claim, holds


def even(random, index):
    """Make an even loss: its third derivatives vanish, and the slope with them."""
    a, b, s = random.randint(1, 9), random.randint(-9, 9), random.choice((1, -1))
    return Problem(f"x**2/2 + 2*y**2 + {s * a}/4*y**4 + {b}/4*x**2*y**2", step_size="0.45", start=["0.1", "0.05"])


@claim(
    "With a large step the sharpness oscillates around λₙ.", source="the paper, section 3, as worded", generator=even
)
def sharpness_oscillates(problem, decision, trajectory):
    """Ask for the proved pattern of all late steps."""
    return holds(trajectory.oscillates, note="from some step on the sharpness stays on one side of λₙ")
