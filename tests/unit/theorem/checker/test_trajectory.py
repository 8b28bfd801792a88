"""The parts of the verifier against slower or sampled truths."""

import random
from itertools import pairwise
from types import SimpleNamespace

import pytest

from gdcheck.theorem.checker import recheck
from tests.builders.certificates import CUBIC, Q, build, norm, root


def random_rational(rng, size=9):
    return Q(rng.randint(-size, size), rng.randint(1, size))


def random_problem(rng, n, eta=None, terms=None, offsets=(-3, 3)):
    """A polynomial and truncated powers as data, and what the checker makes of their text."""
    names, poly, hinges = ["x", "y", "z", "w"][:n], dict(terms or {}), []
    for _ in range(0 if terms else rng.randint(0, 8)):
        poly[tuple(rng.choice([0, 0, 1, 2]) for _ in range(n))] = random_rational(rng)
    for _ in range(rng.randint(0, 2)):
        slope, offset = [random_rational(rng, 3) for _ in range(n)], Q(rng.randint(*offsets)) or offsets[0]
        if any(slope):
            factor = random_rational(rng) or Q(1)
            hinges.append(SimpleNamespace(factor=factor, slope=slope, offset=Q(offset), power=rng.choice([2, 3, 4])))

    def product(k, alpha):
        return "*".join([str(abs(k)), *(f"{x}**{e}" if e > 1 else x for x, e in zip(names, alpha, strict=True) if e)])

    def total(pairs):
        text = "".join((" - " if k < 0 else " + ") + body for k, body in pairs)
        return text.removeprefix(" + ").replace(" - ", "-", 1) if text.startswith(" - ") else text[3:] or "0"

    pairs = [(k, product(k, alpha)) for alpha, k in poly.items()]
    for h in hinges:
        line = [(x, product(x, unit)) for x, unit in zip(h.slope, recheck_units(n), strict=True) if x]
        pairs.append((h.factor, f"{abs(h.factor)}*max({total([*line, (h.offset, str(abs(h.offset)))])}, 0)**{h.power}"))
    eta = eta or Q(1, rng.randint(2, 20))
    start = [Q(rng.randint(-9, 9), 20) for _ in range(n)]
    document = build(total(pairs), eta, start, gradient=None, ends=None, regime=None)
    document["problem"] |= {"variables": names, "minimizer": ["0"] * n}
    read = recheck._read(document)
    return SimpleNamespace(n=n, local=poly, hinges=hinges, eta=eta, start=start), read


def recheck_units(n):
    return [tuple(int(i == j) for j in range(n)) for i in range(n)]


def gradient_of(problem, h):
    total = [Q(0)] * problem.n
    for alpha, k in problem.local.items():
        for i, e in enumerate(alpha):
            if e:
                value = k * e
                for j, m in enumerate(alpha):
                    value *= h[j] ** (m - (i == j))
                total[i] += value
    for hinge in problem.hinges:
        s = max(sum(x * y for x, y in zip(hinge.slope, h, strict=True)) + hinge.offset, Q(0))
        for i, x in enumerate(hinge.slope):
            total[i] += hinge.factor * hinge.power * s ** (hinge.power - 1) * x
    return total


def test_the_map_is_evaluated_exactly():
    rng = random.Random(2)
    for _ in range(60):
        problem, read = random_problem(rng, rng.randint(1, 4))
        d = rng.randint(1, 1000)
        z = [rng.randint(-2000, 2000) for _ in range(problem.n)]
        h = [Q(x, d) for x in z]
        image, denominator = recheck._moved(read, z, d)
        expected = [x - problem.eta * g for x, g in zip(h, gradient_of(problem, h), strict=True)]
        assert [Q(x, denominator) for x in image] == expected


def remainder(problem, h):
    """The gradient without its constant and linear parts."""
    linear = {a: k for a, k in problem.local.items() if sum(a) <= 2}
    at_zero, g = gradient_of(problem, [Q(0)] * problem.n), gradient_of(problem, h)
    bare = SimpleNamespace(n=problem.n, local=linear, hinges=[])
    start = gradient_of(bare, [Q(0)] * problem.n)
    first = [x - y for x, y in zip(gradient_of(bare, h), start, strict=True)]
    for hinge in problem.hinges:
        k = hinge.factor * hinge.power * (hinge.power - 1) * max(hinge.offset, Q(0)) ** (hinge.power - 2)
        s = sum(x * y for x, y in zip(hinge.slope, h, strict=True)) * (k if hinge.offset > 0 else 0)
        first = [x + s * y for x, y in zip(first, hinge.slope, strict=True)]
    return [problem.eta * (x - y - z) for x, y, z in zip(g, at_zero, first, strict=True)]


def test_the_remainder_stays_below_its_bounds():
    """C(r), and the Lipschitz bound that the trajectory takes from it."""
    rng = random.Random(3)
    for _ in range(50):
        problem, read = random_problem(rng, rng.randint(1, 3))
        r = Q(rng.randint(1, 40), 10)
        above = recheck._push(read, r) / r
        slope = max(4, read.degree) * r * above
        points = []
        while len(points) < 12:
            h = [r * Q(rng.randint(-100, 100), 100) for _ in range(problem.n)]
            points += [h] if 0 < norm(h) <= r else []
        for h, other in pairwise(points):
            size = norm(remainder(problem, h))
            assert size <= above * norm(h) ** 2 * (1 + Q(1, 2**40))
            moved = norm([x - y for x, y in zip(remainder(problem, h), remainder(problem, other), strict=True)])
            assert moved <= slope * norm([x - y for x, y in zip(h, other, strict=True)]) * (1 + Q(1, 2**40))


@pytest.mark.parametrize(
    ("loss", "r", "expected"),
    [
        (CUBIC, Q(3), root(Q(17))),  # the gradient's rows are 3x² + 2xy and x²: 3 + 2/2 and 1
        ("x**2 + 1/3*max(x + 1, 0)**4", Q(2), Q(1, 3) * 4 * 3 * 2 / 2 * 3),
        ("x**2 + 1/3*max(-2*x - 1, 0)**4", Q(2), Q(1, 3) * 4 * 3 * 2 / 2 * 8 * 3),
        ("x**2 + max(x - 3, 0)**4", Q(2), Q(0)),
        ("x**2 + max(x - 3, 0)**3", Q(4), Q(3)),
        ("x**2 + max(x - 3, 0)**2", Q(4), Q(1, 6)),
        ("x**2 + max(2*x + 3, 0)**2", Q(2), Q(8, 6)),
        ("x**2 + max(x - 3, 0)**2", Q(2), Q(0)),
    ],
)
def test_the_bound_is_that_of_the_specification(loss, r, expected):
    names = 2 if "y" in loss else 1
    read = recheck._read(build(loss, "1/2", [Q(1)] * names, gradient=None, ends=None, regime=None))
    found = recheck._push(read, r) / r
    assert expected / 2 <= found <= expected / 2 * (1 + Q(1, 2**200))


def test_the_trajectory_stays_in_its_ball():
    rng = random.Random(4)
    for _ in range(25):
        n = rng.randint(1, 3)
        squares = {tuple(2 * x for x in u): Q(rng.randint(1, 4), 2) for u in recheck_units(n)}
        higher = {tuple(rng.choice([1, 1, 2]) for _ in range(n)): random_rational(rng) / 20 for _ in range(3)}
        higher = {a: k for a, k in higher.items() if sum(a) > 2}
        problem, read = random_problem(rng, n, Q(1, 5), squares | higher, offsets=(-3, -1))
        read.step = 12
        read.linear = max(abs(1 - 2 * read.eta * k) for k in squares.values())
        centre, error = recheck._trajectory(read, 24)
        h = problem.start
        for _ in range(read.step):
            h = [
                Q(round((x - problem.eta * g) * 2**500), 2**500)
                for x, g in zip(h, gradient_of(problem, h), strict=True)
            ]
        assert norm([x - y for x, y in zip(centre, h, strict=True)]) <= error
        assert error < Q(1, 2**8)
