"""False at a resonance: with μ₂ = −μ₁² two tilts of one size, one alternating, add up and cancel in turn for ever."""

from gdcheck import Problem, claim, holds


def resonance(random, index):
    """Take μ₁ = 1/2 and μ₂ = −1/4, with a term that couples them."""
    x, y = random.randint(5, 10), random.randint(2, 18)
    return Problem("x**2/4 + 5/8*y**2 + x**2*y", step_size=1, start=[f"{x}/100", f"-{x * x * y}/100000"])


@claim("From some step on cos(Δₖ, Δₖ₊₁) is monotone.", source="folklore", generator=resonance, steps=24)
def cosine_monotone(problem, decision, trajectory):
    """Watch the last steps of those that are followed."""
    u = trajectory.step
    cosine = (u[1:] * u[:-1]).sum(axis=1) / (u[1:].norm() * u[:-1].norm())
    rises = cosine[1:] > cosine[:-1]
    return holds(rises.from_some_step_on() | (~rises).from_some_step_on(), note="it rises and falls in turn")
