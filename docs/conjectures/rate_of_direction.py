"""False: the second order tilts the direction by a multiple of ρᵏ, which is slower than |μ₂/μ₁|ᵏ if |μ₂| < μ₁²."""

from gdcheck import Problem, claim, holds


def fast(random, index):
    """Take μ₁ = 4/5 and μ₂ = 1/5: the ratio is 1/4."""
    x, y, c = (random.choice((-1, 1)) * random.randint(1, 9) for _ in "xyc")
    return Problem(f"x**2/10 + 2/5*y**2 + {c}/4*x**2*y", step_size=1, start=[f"{x}/100", f"{y}/100"])


@claim("The direction converges at the rate |μ₂/μ₁|.", source="folklore: power iteration", generator=fast, steps=24)
def rate_of_direction(problem, decision, trajectory):
    """Hold late steps against a rate that is twice as slow."""
    error = (trajectory.direction - trajectory.limit).norm()
    return holds((error[1:] < error[:-1] / 2).from_some_step_on(), note="the error falls like ρᵏ, not like |μ₂/μ₁|ᵏ")
