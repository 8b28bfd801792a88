"""False at every level: with tiny steps consecutive updates are nearly parallel long before the direction is right."""

from gdcheck import Problem, claim, holds


def tiny(random, index):
    """Take λ = 1 and 4, steps of 1/500 or less, and a start next to v₂."""
    return Problem(
        "x**2/2 + 2*y**2", step_size=f"1/{random.randint(500, 999)}", start=[f"1/{random.randint(9, 99)}", 1]
    )


@claim(
    "Once 1 − cos(Δₖ, Δₖ₊₁) < 10⁻³ the direction is within 45° of its limit.", source="a rule of thumb", generator=tiny
)
def cosine_locks(problem, decision, trajectory):
    """Hold the first pair of updates against the first direction."""
    u, v = trajectory.step[0], trajectory.step[1]
    locked = (u * v).sum() > u.norm() * v.norm() * "999/1000"
    along = (trajectory.direction[0] * trajectory.limit).sum()
    return holds(~locked | (along**2 > "1/2"), note="the updates are parallel, the direction is more than 45° away")
