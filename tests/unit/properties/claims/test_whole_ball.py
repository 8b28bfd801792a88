"""Lemma 1 on the whole ball: bounds that are too small anywhere are found out, in g and in ∂g, part by part."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flint import arb, ctx, fmpq

from gdcheck.properties.claims import whole_ball
from gdcheck.properties.claims.examination import ClaimViolation
from gdcheck.properties.claims.registry import CLAIMS
from gdcheck.properties.claims.undecided import Undecided
from gdcheck.properties.claims.whole_ball import prove_on_ball
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.descent.remainder import PowerBound, RemainderBound
from tests.builders.instances import WORKED_INSTANCE, build

SUBDIVIDED, FORMULA = True, False
LOSSES = {
    "x**2 + y**2/2": SUBDIVIDED,
    "x**2 + y**2/2 + x**3": SUBDIVIDED,
    "x**2 + y**2/2 + x**2*y + x**3 - 3*x*y**4": SUBDIVIDED,
    "x**2 + y**2/2 + max(x + 2*y, 0)**4 - 2*max(-x, 0)**5": SUBDIVIDED,
    "x**2 + y**2/2 + z**2/3 + x*y*z - x**2*y**2*z": SUBDIVIDED,
    "x**2 + y**2/2 + z**2/3 + w**2/5 + x*y*z*w + x*y*w": FORMULA,
}


def stated(loss: str, radius: fmpq) -> tuple[Problem, RemainderBound]:
    names = sorted({c for c in loss if c in "wxyz"} - set("max") | {"x"})
    problem = build(loss, "1/10", ["1/16"] * len(names), variables=names)
    return problem, RemainderBound.of(Expansion.of(problem))


@pytest.mark.parametrize("loss", list(LOSSES))
def test_the_bounds_are_proved(loss: str) -> None:
    with ctx.workprec(256):
        for radius in (fmpq(1, 16), fmpq(1), fmpq(7)):
            assert prove_on_ball(*stated(loss, radius), radius) is LOSSES[loss]


@pytest.mark.parametrize("share", [fmpq(999, 1000), fmpq(1, 2)])
def test_a_pure_power_attains_its_bound(share: fmpq, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the checker's formula would have the same error."""
    monkeypatch.setattr(whole_ball, "remainder_orders", lambda _: {})
    monkeypatch.setattr(whole_ball, "_ROUNDING", fmpq(2))
    with ctx.workprec(256):
        problem, bound = stated("x**2 + y**2/2 + x**3", fmpq(1))
        assert prove_on_ball(problem, bound, fmpq(1)) is SUBDIVIDED
        smaller = replace(bound, degrees=tuple(c * arb(share) for c in bound.degrees))
        with pytest.raises(ClaimViolation, match="the bound of g on the whole ball"):
            prove_on_ball(problem, smaller, fmpq(1))


def test_the_derivative_has_a_bound_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """C_q/q would do for g where monomials are far from their bound, not for ∂g."""
    monkeypatch.setattr(whole_ball, "remainder_orders", lambda _: {})
    monkeypatch.setattr(whole_ball, "_ROUNDING", fmpq(2))
    with ctx.workprec(256):
        problem, bound = stated("x**2 + y**2/2 + x**2*y", fmpq(1))
        # sup‖G‖ = 0.2·1.1547/√2 of C and sup‖DG‖ = 2.309/2.828 of 2C: 0.8166 and 0.8165.
        with pytest.raises((ClaimViolation, Undecided)):
            prove_on_ball(problem, replace(bound, degrees=(bound.degrees[0] * arb("0.81"),)), fmpq(1))
        assert prove_on_ball(problem, replace(bound, degrees=(bound.degrees[0] * arb("0.82"),)), fmpq(1))


@pytest.mark.parametrize("name", ["quadratic", "lipschitz"])
@pytest.mark.parametrize("loss", ["x**2/2 + y**2 + max(x + 2*y, 0)**4", "x**2/2 + y**2 + max(x - 1/8, 0)**5"])
def test_a_truncated_power_with_too_small_a_bound(name: str, loss: str, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = getattr(PowerBound, name)
    monkeypatch.setattr(PowerBound, name, lambda self, radius: honest(self, radius) / 64)
    with ctx.workprec(256), pytest.raises((ClaimViolation, Undecided), match="∂g" if name == "lipschitz" else "g on"):
        prove_on_ball(*stated(loss, fmpq(1)), fmpq(1))


def test_a_coefficient_that_is_not_the_checkers_is_found_in_any_dimension() -> None:
    with ctx.workprec(256):
        problem, bound = stated("x**2 + y**2/2 + z**2/3 + w**2/5 + x*y*z*w", fmpq(1))
        wrong = replace(bound, degrees=tuple(c * (1 + arb(2) ** -60) for c in bound.degrees))
        with pytest.raises(ClaimViolation, match="the checker's formula"):
            prove_on_ball(problem, wrong, fmpq(1))


def test_the_claim_names_its_argument_and_is_unresolved_without_one(monkeypatch: pytest.MonkeyPatch) -> None:
    claim = CLAIMS["remainder"]
    assert claim.examine(WORKED_INSTANCE).note == "at every point, by subdivision"
    assert not claim.examine(WORKED_INSTANCE).formula
    monkeypatch.setattr(whole_ball, "MOST_VARIABLES", 0)
    assert claim.examine(WORKED_INSTANCE).formula
    monkeypatch.undo()
    monkeypatch.setattr(whole_ball, "semidefinite_on_unit_box", lambda *_: None)
    finding = claim.examine(WORKED_INSTANCE)
    assert finding.holds is None
    assert finding.note == "undecided: the bound of g on the whole ball"
