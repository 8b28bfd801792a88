"""The long way of exact iterates past an unstable minimizer, where doubles soon leave it."""

from gdcheck.theorem.certificate.kinds.long_run import outcome_json
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.long_run.find import long_run


def rosenbrock(x, y, eta):
    """Return the next iterate in doubles."""
    return x - eta * (2 * (x - 1) - 400 * x * (y - x * x)), y - eta * 200 * (y - x * x)


def test_rosenbrock_from_the_origin_is_proved_to_end_in_its_cycle():
    loss = "(x-1)**2+100*(y-x**2)**2"
    problem = Problem(loss, step_size="0.0021", start=["0", "0"], minimizer=["1", "1"])
    found = outcome_json(problem, long_run(problem))
    assert (found["kind"], found["status"]) == ("cycle", "proved")
    ends = sorted([round(a, 8) for a in p] for p in found["points"])
    assert ends == [[0.96078255, 0.94267496], [0.97674287, 0.93445479]]
    assert found["step"] > 30_000
    point = (0.0, 0.0)
    for _ in range(10_000):
        point = rosenbrock(*point, 0.0021)
    # Rounding alone has driven them away.
    assert abs(point[0] - 1) > 0.01
