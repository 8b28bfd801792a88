"""False: heavy ball turns from v₁ to vₙ at 2(1+β)/(λ₁+λₙ); between that and 2/(λ₁+λₙ) the two methods differ."""

from gdcheck import Problem, claim, decide, holds

BETA = {"name": "heavy-ball", "momentum": "1/10"}


@claim("Momentum never changes the limit direction.", source="folklore", spectrum=[1, 10], terms=(1, 2), degrees=(3, 4))
def momentum_harmless(problem, decision, trajectory):
    """Decide the same problem with heavy ball, β = 1/10."""
    p = problem
    ball = decide(Problem(p.loss, step_size=p.step_size, start=p.start, minimizer=p.minimizer, method=BETA))
    along = (trajectory.limit * list(ball.limit.vectors[0])).sum() ** 2
    return holds(along > "99/100", note="heavy ball arrives along the other end of the spectrum")
