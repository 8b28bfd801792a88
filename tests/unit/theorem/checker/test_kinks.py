"""Claim 17 (sides), and empty cells in Claim 6: what is accepted, and what a change of it makes false."""

from __future__ import annotations

import copy
from fractions import Fraction
from itertools import product
from math import isqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdcheck.theorem.certificate.certificate import certificate
from gdcheck.theorem.certificate.rechecking import check
from gdcheck.theorem.checker.descent import Descent, Kink
from gdcheck.theorem.checker.exact import norm_above
from gdcheck.theorem.checker.kinks import Last, Side, ever_after, one_sided, relations, sides_of
from gdcheck.theorem.checker.outcome import ClaimError
from gdcheck.theorem.checker.reading.document import Problem as Stated
from gdcheck.theorem.checker.reading.fields import read_as
from gdcheck.theorem.checker.trajectory import Remainder
from gdcheck.theorem.decision.decide import decide
from gdcheck.theorem.descent.problem import Problem

Q = Fraction
LOSS = "1/2*x**2 + y**2 + max(x - y, 0)**4"


def kink(slope, offset):
    return Kink(Q(1), tuple(slope), offset, 4, norm_above(slope))


def exceptional(loss=LOSS, start=("0", "1/16"), step_size="1/10"):
    made = certificate(decide(Problem(loss, step_size=step_size, start=list(start))))
    assert made is not None and made["verdict"] == "exceptional" and check(made) is None
    return made


def changed(data, **fields):
    copied = copy.deepcopy(data)
    copied["problem"] |= fields
    return copied


@pytest.mark.parametrize(
    "fields",
    [
        {"start": ["0", "-1/16"]},  # from the other side
        {"loss": "1/2*x**2 + y**2 + max(-x + y, 0)**4"},  # the power is there
        {"loss": "1/2*x**2 + y**2 + max(x - 2*y, 0)**4 + max(-x + 1/2*y, 0)**4"},  # one of two
        {"step_size": "9/10"},  # it alternates
        {
            "loss": "1/2*x**2 + y**2 + max(x - y - 1/20, 0)**4",
            "start": ["0", "-1/16"],
        },  # beyond a kink
    ],
)
def test_what_does_not_stay_is_rejected(fields):
    assert check(changed(exceptional(), **fields)) is not None


def test_each_step_before_the_limit_is_shown_is_on_its_side():
    loss = "1/2*x**2 + y**2 + 1/2*y**3 + max(x - y, 0)**4"
    made = exceptional(loss, ("0", "1/3"))
    assert made["step"] > 1
    assert check(changed(made, start=["0", "-1/3"])) is not None


def test_without_a_limit_no_side_is_shown():
    data = exceptional()
    data |= {"blocks": [], "step": 0, "bounds": None, "limit": {"kind": None, "vectors": []}}
    data["subspace"] |= {"spectrum": None, "regime": None}
    assert "on which sides of the kinks" in str(check(data))


def test_the_side_of_the_minimizer_counts_off_it():
    on, off = kink((1, -1), 0), kink((1, -1), -1)
    assert [side.sign for side in sides_of([on, off], (Q(1, 2), Q(0)))] == [1, -1]
    with pytest.raises(ClaimError, match="minimizer's side"):
        sides_of([off], (Q(2), Q(0)))


@given(st.integers(-40, 40), st.integers(0, 60), st.sampled_from([-1, 1]))
def test_the_dominant_part_must_outweigh_the_rest(along, across, sign):
    """h = (along, across)/40 with the dominant axis first; the slope is (3, 4), so the parts weigh |3 a| and 5 b."""
    centre = [Q(along, 40), Q(across, 40)]
    last = Last(centre, Q(0), [centre[0], Q(0)], Q(0), (Q(1, 2), Q(1, 2)))
    none = Remainder(Q(1, 10), (), (), 1)
    held = ever_after(Side(kink((3, 4), 0), sign), none, last)
    assert held == (sign * 3 * along > 5 * across)
    # Without a dominant part whose multiplier is positive, nothing is known of later steps.
    assert not ever_after(Side(kink((3, 4), 0), sign), none, Last(centre, Q(0), None, Q(0), last.rho))


def test_a_kink_off_the_minimizer_is_out_of_reach():
    last = Last([Q(0), Q(1)], Q(0), None, Q(0), (Q(1, 2), Q(1, 2)))
    none = Remainder(Q(1, 10), (), (), 1)
    assert [ever_after(Side(kink((3, 4), a), -1), none, last) for a in (-4, -5, -6)] == [False, False, True]


class Bent(Remainder):
    """A remainder with C(r) r = r/16."""

    def push(self, radius: Fraction) -> Fraction:
        return radius / 16


@given(st.integers(1, 60), st.integers(0, 30), st.integers(-40, 40))
def test_what_the_remainder_may_still_do_counts(along, across, offset):
    """Claim 17: no later iterate is farther than P r, and none is off the dominant part's line by more than 2 tails."""
    h, rho = [Q(along, 40), Q(across, 40)], (Q(1, 2), Q(5, 8))
    r, bent, line = norm_above(h), Bent(Q(1, 10), (), (), 1), kink((3, 4), 0)
    x = r / 16 / (rho[0] * (1 - (rho[1] + r / 16)))
    p = 1 + x + x * x
    tail = r / 16 * p**2 * r / (rho[0] * (1 - rho[1]))
    last = Last(h, Q(0), [h[0], Q(0)], Q(0), rho)
    assert ever_after(Side(line, 1), bent, last) == (3 * h[0] > line.length * (norm_above([h[1]]) + 2 * tail))
    if offset:
        off = kink((3, 4), offset)
        assert ever_after(Side(off, 1), bent, last) == (off.length * p * r <= abs(offset))


@given(st.integers(1, 60), st.integers(0, 30), st.integers(0, 9), st.integers(0, 9), st.integers(-9, 9))
def test_what_is_not_known_of_the_last_iterate_counts(along, across, error, part_error, offset):
    """The iterate is within ``error`` of its centre, and its part within ``part_error`` of that of the centre."""
    h, e, part = [Q(along, 40), Q(across, 40)], Q(error, 40), Q(part_error, 40)
    last = Last(h, e, [h[0], Q(0)], part, (Q(1, 2), Q(1, 2)))
    none = Remainder(Q(1, 10), (), (), 1)
    line, off = kink((3, 4), 0), kink((3, 4), offset)
    assert ever_after(Side(line, 1), none, last) == (3 * h[0] > line.length * (norm_above([h[1]]) + e + 2 * part))
    if offset:
        assert ever_after(Side(off, 1), none, last) == (off.length * (norm_above(h) + e) <= abs(offset))


@pytest.mark.parametrize("along", [Q(1, 2), Q(1, 4)])
def test_two_tails_and_not_three_may_turn_the_part(along):
    """The slope is (s, 1): just above and just below the one with s |part| = length * (across + 2 tails)."""
    h, rho = [along, along / 32], (Q(1, 2), Q(5, 8))
    r, bent = norm_above(h), Bent(Q(1, 10), (), (), 1)
    x = r / 16 / (rho[0] * (1 - (rho[1] + r / 16)))
    tail = r / 16 * (1 + x + x * x) ** 2 * r / (rho[0] * (1 - rho[1]))
    rest = (norm_above([h[1]]) + 2 * tail) / h[0]
    edge = rest / Q(isqrt(int((1 - rest**2) * 10**40)), 10**20)
    last = Last(h, Q(0), [h[0], Q(0)], Q(0), rho)
    assert [ever_after(Side(kink((edge * f, 1), 0), 1), bent, last) for f in (Q(99, 100), Q(101, 100))] == [False, True]


def test_depth_is_measured_on_the_side():
    assert Side(kink((3, 4), 1), -1).depth((Q(1), Q(1))) == -8
    assert Side(kink((3, 4), -9), 1).depth((Q(1), Q(1))) == -2


def test_a_power_counts_on_its_own_side_alone():
    """Along w = (2, 1), the loss x^3 + 5 max(x - y + 1, 0)^4 has the derivative 6 x^2 + 20 (x - y + 1)^3."""
    fields = {"loss": "x**3 + 5*max(x - y + 1, 0)**4", "variables": ["x", "y"], "step_size": "1/10"}
    descent = Descent.of(read_as(Stated, fields | {"minimizer": ["0", "0"], "start": ["0", "0"]}, "problem", 2))
    (power,) = descent.kinks
    for sign in (1, -1):
        along = one_sided(descent, [Side(power, sign)], (Q(2), Q(1)))
        for x, y in ((Q(0), Q(0)), (Q(3), Q(1, 2)), (Q(-2), Q(5))):
            assert along.at((x, y)) == 6 * x**2 + (20 * (x - y + 1) ** 3 if sign > 0 else 0)


def test_sides_count_from_the_step_that_enters():
    """The power throws the start onto the plane; from there on the trajectory is on the other side."""
    made = exceptional(start=("32/9", "14/9"))
    assert made["subspace"]["enters"] == 1
    for step in (made["step"] + 1, made["step"] + 5):
        longer = copy.deepcopy(made)
        longer["step"] = step
        assert "sides of the kinks" not in str(check(longer))


# Cells ----------------------------------------------------------------------------------------------------------------

LINES = st.tuples(st.integers(-2, 2), st.integers(-2, 2), st.integers(-2, 2)).filter(lambda line: any(line[:2]))
GRID = [Q(k, 7) for k in range(-70, 71, 3)]


@given(st.lists(LINES, min_size=1, max_size=4))
def test_a_cell_with_a_point_is_not_called_empty(lines):
    """Every point of a grid that lies on no kink belongs to a cell."""
    kinks = [kink(line[:2], line[2]) for line in lines]
    known = relations(kinks)
    filled = {tuple(a * x + b * y + c > 0 for a, b, c in lines) for x in GRID for y in GRID if off(lines, x, y)}
    for kept in filled:
        assert not any(relation.empties(kept) for relation in known)


def off(lines, x, y):
    return all(a * x + b * y + c for a, b, c in lines)


@given(st.lists(LINES, min_size=2, max_size=4))
def test_a_cell_that_is_not_called_empty_has_a_point(lines):
    """Corners of the arrangement and points near them, and far ones: every cell that is not empty has one of them."""
    kinks = [kink(line[:2], line[2]) for line in lines]
    known = relations(kinks)
    corners = [p for i, first in enumerate(lines) for second in lines[:i] if (p := crossing(first, second))]
    corners += [foot(line) for line in lines]
    filled = set()
    for (x, y), scale in product(corners, (Q(1, 10**4), Q(10**4))):
        for dx, dy in DIRECTIONS:
            point = x + scale * dx, y + scale * dy
            if off(lines, *point):
                filled.add(tuple(a * point[0] + b * point[1] + c > 0 for a, b, c in lines))
    for kept in product((False, True), repeat=len(lines)):
        assert any(relation.empties(kept) for relation in known) == (kept not in filled)


DIRECTIONS = [(Q(a), Q(b)) for a in range(-7, 8) for b in range(-7, 8) if a or b]


def crossing(first, second):
    (a, b, c), (d, e, f) = first, second
    det = a * e - b * d
    return None if det == 0 else (Q(b * f - c * e, det), Q(c * d - a * f, det))


def foot(line):
    a, b, c = line
    return Q(-a * c, a * a + b * b), Q(-b * c, a * a + b * b)
