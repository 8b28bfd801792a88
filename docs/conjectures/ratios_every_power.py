"""False: on quadratics |yᵢ|/|y_d|^α is a multiple of (b/ρ^α)ᵏ: it vanishes for α < ln b/ln ρ alone."""

from gdcheck import Problem, claim, holds


def plane(random, index):
    """Take λ = 1 and 6/5, and a small step: α may be at most 6/5 or so."""
    x, y, eta = (random.randint(1, 9) for _ in "xye")
    return Problem("x**2/2 + 3/5*y**2", step_size=f"{6 * eta}/100", start=[f"{x}/10", f"{y}/10"])


LAYER = "the paper, proof of Theorem 1, layer 3, read for every α"


@claim("|yᵢ|/|y_d|^α vanishes for every α in (1, 2); here α = 19/10 and 20 steps.", source=LAYER, generator=plane)
def ratios_every_power(problem, decision, trajectory):
    """Take twentieth powers, for α in tenths."""
    y = trajectory.displacement
    slow, fast = y[:, 0] ** 38, y[:, 1] ** 20
    return holds(fast[1:] * slow[:-1] < fast[:-1] * slow[1:], note="the ratio grows")
