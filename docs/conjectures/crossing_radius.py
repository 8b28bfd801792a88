"""True, of the worked example with η = 0.95: from which radius on 2/η must be crossed, and below which it cannot be.

The Hessian is [[2 + 6x + 2y, 2x], [2x, 1]], so λₙ > T = 2/η is 6x + 2y + 4x²/(T − 1) > T − 2.
"""

from gdcheck import Problem, claim, holds


def sector(random, index):
    """Start with |y| ≤ |x|, nearer than 1/64 or from 1/20 to 1/10."""
    x = random.choice((-1, 1)) * (random.randint(1, 900) if index % 2 else random.randint(4000, 7000))
    y = random.randint(-abs(x), abs(x))
    return Problem("x**2 + y**2/2 + x**2*y + x**3", step_size="0.95", start=[f"{x}/100000", f"{y}/100000"])


@claim(
    "With |y₀| ≤ |x₀|: 2/η is crossed from 1/20 ≤ ‖x₀‖ ≤ 1/10, never from ‖x₀‖ ≤ 1/64.",
    source="this project; docs/conjectures",
    generator=sector,
)
def crossing_radius(problem, decision, trajectory):
    """Count the steps above 2/η, of all there are."""
    far, near = trajectory.distance[0] >= "1/20", trajectory.distance[0] <= "1/64"
    return holds((~far | (trajectory.crossings > 0)) & (~near | (trajectory.crossings < 1)))
