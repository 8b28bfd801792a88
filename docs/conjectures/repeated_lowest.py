"""False: with λ₁ = λ₂ a direction is left over, but which one depends on the start."""

from gdcheck import Problem, claim, decide, holds


def repeated(random, index):
    """Take λ₁ = λ₂ = 1 and λ₃ = 4, and a start at random."""
    start = [f"{random.randint(1, 9)}/50" for _ in "xyz"]
    return Problem("x**2/2 + y**2/2 + 2*z**2 + x*y*z/4", step_size="0.1", start=start)


@claim(
    "λ₁ = λ₂ is harmless: two starts end along one line.", source="folklore", generator=repeated, assumes="converging"
)
def repeated_lowest(problem, decision, trajectory):
    """Compare the certified limit with the one from a second start."""
    other = decide(Problem(problem.loss, step_size="0.1", start=["0.1", "0.15", "0.1"]))
    return holds((trajectory.limit * list(other.limit.vectors[0])).sum() ** 2 > "99/100", note="two starts, two lines")
