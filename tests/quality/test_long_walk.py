"""The long way of exact iterates past an unstable minimizer, which takes half a minute: too long for the unit tests."""

from gdcheck.theorem.certificate.kinds.long_run import outcome_json
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.long_run.find import long_run


def test_rosenbrock_from_the_origin_is_proved_to_end_in_its_cycle():
    loss = "(x-1)**2+100*(y-x**2)**2"
    problem = Problem(loss, step_size="0.002", start=["0", "0"], minimizer=["1", "1"])
    found = outcome_json(problem, long_run(problem))
    assert (found["kind"], found["status"]) == ("cycle", "proved")
    points = sorted([round(a, 8) for a in p] for p in found["points"])
    assert points == [[0.99758422, 0.99870893], [1.00041478, 0.99729507]]
    # Doubles leave the minimizer by rounding alone, after some 36,000 steps.
    assert found["step"] > 600_000
