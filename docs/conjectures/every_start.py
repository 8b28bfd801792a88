"""False: almost every start, and not every one: those on the plane y₁ = 0 never see v₁."""

from gdcheck import Problem, claim, holds


def on_the_plane(random, index):
    """Start in the null set, or beside it."""
    x = random.choice((0, 0, 1))
    return Problem("x**2/2 + 2*y**2 + x**2*y/4", step_size="0.1", start=[f"{x}/10", f"{random.randint(1, 9)}/50"])


@claim(
    "From every start the direction tends to v₁.",
    source="the paper, Theorem 1, without its “almost”",
    generator=on_the_plane,
    assumes=("theorem", "converging"),
)
def every_start(problem, decision, trajectory):
    """Ask for the certified limit."""
    return holds(trajectory.limit[0] ** 2 > "1/2", note="the start lies in the null set, and the limit is v₂")
