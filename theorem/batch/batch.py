r"""The amplitude certificate for thousands of problems at once, in float64 with a proved bound on every rounding.

A batch states its problems in eigen-coordinates: :math:`f(y) = \sum_i \lambda_i y_i^2/2 + \sum_t c_t y^{\alpha_t}`,
minimizer 0, the exponents :math:`\alpha_t` (orders 3 to 16) shared, all numbers float64 and taken as the exact dyadic
rationals that they are. So spectrum and eigenvectors are exact, and what is certified is exactly what was stated. The
first coordinate belongs to λ₁, the last to λₙ, both simple. What momentum changes stands in ``momentum``.

**Model.** u = 2⁻⁵³, ν = 2⁻¹⁰²². A computed a∘b is (a∘b)(1+δ) + ε with |δ| ≤ u, |ε| ≤ ν (gradual underflow, or none);
a square root is within 2u. A fused multiply-add leaves one rounding out. Sums may be taken in any order. Overflow
gives an infinity or a NaN, with which every test below fails. γ_m = m u/(1 − m u).

**Norms.** :math:`F(y)_i = \mu_i y_i - \sum_t \eta c_t \partial_i y^{\alpha_t}`. With κ_β the maximum of |y^β| on the
unit sphere and :math:`C_q = \|(\sum_{|\alpha_t|=q+1} \eta|c_t|\alpha_{t,i}\,\kappa_{\alpha_t-e_i})_i\|`, on the ball
of radius R let :math:`x(R) = \sum_q C_q R^{q-1}`. There the higher-order part of F is at most x(R) R *even if every
product is taken in absolute value*, and its Lipschitz constant is at most
:math:`\sum_q q C_q R^{q-1} \le (D-1)\,x(R)`, D the degree (Banach 1938). In the two regimes of the theorem the linear
part has norm ρ exactly.

**One float step.** A computed component is a sum of at most J + 1 products. Each has at most m = max(3, D+1) roundings
(ηc; D−1 coordinates; a whole number: D+1. Linear part: fl(1 − fl(ηλ)) is within γ₂(1+ηλ) of μ, and one product).
In any order a sum adds at most J roundings to each. Hence without underflow
:math:`\|\hat y' - F(\hat y)\| \le \gamma_{m+J}\,\|((1+\eta\lambda_i)|\hat y_i| + \text{products})_i\| \le
\gamma_{m+J}(3 + x(R)) R` for ‖ŷ‖ ≤ R, since ηλ < 2. Underflow: a row is kept only while R ≤ 2²⁰ and C_q ≤ 2¹⁰⁰, so
|ηc| ≤ 2¹³⁰ (κ ≥ 2⁻³⁰), registers are at most 2³⁰⁴, and an error ν committed anywhere arrives multiplied by at most
2⁴⁴⁰; with at most 2⁸ terms and as many roundings it stays below 2⁻⁵⁵⁰. All radii have the floor R ≥ 2⁻³⁰⁰, so this is
far below u R, and one unit more in the index covers it: G = (m + J + 1)·u·(1 + 2⁻²⁰) is used.

**The recursion.** Let ‖ŷ_k − y_k‖ ≤ e_k and R_k ≥ ‖ŷ_k‖ + e_k. Both points lie in the ball of radius R_k, so
:math:`e_{k+1} = (\rho + (D-1)x(R_k))\,e_k + G(3 + x(R_k))R_k` bounds the next distance. e₀ = 2⁻⁴⁰⁰ > 0 also covers a
denormal start that an engine may read as zero. Where x ≤ 1 − ρ with the padding of ρ below, σ + G(3 + x) < 1: neither
trajectory leaves the ball of radius R_k any more, and the same two numbers serve for the next steps too, without a new
radius.

**The bounds themselves** are computed in float64: every one is a sum, product, quotient or root of non-negative
numbers with fewer than 2¹¹ roundings, relative error below 2⁻⁴¹, and carries a factor 1 ± 2⁻⁴⁰ in a leaf or as a
whole. The floors (R ≥ 2⁻³⁰⁰, C_q ≥ 2⁻³⁰⁰, e > 0) keep them from underflow. Differences: ρ is padded by 2⁻⁴⁰ on
either side, which covers ηλ, 1 − ηλ and 1 − ρ, and leaves 2⁻⁴¹ > G(3 + x) over; after (1 − ρ) − x and |ŷ_d| − e
only one relative rounding is left, which a factor 1 − 2⁻⁴⁰ covers.

**Map error.** A batch may state its problems only up to a map error κ ≤ 2⁻⁴⁶ (``eigenbasis``): the map meant differs
from F by at most κ(3 + x(R))R on the ball of radius R, its coordinates are those of an orthonormal basis up to a factor
1 ± κ of any norm, :math:`\eta\lambda_i` are off by at most 2κ, and the functional whose values are the dominant
amplitudes differs from :math:`y_d` by at most κR, and the start is off by at most κ‖y₀‖. Then e₀ grows by κ‖y₀‖, κ is
added to G, the margins of the regime grow by 4κ, and
κR is taken off :math:`|\hat y_d|`; the factors 1 ± 2⁻⁴⁰ and the padding of ρ cover the rest, as (2q + 1)κ < q 2⁻⁴¹
and 4(G + κ) < 2⁻⁴¹.

**Decided.** A row is proved at step k when σ = ρ + x < 1, X = x/(ρ(1−σ)) ≤ 1 and
:math:`|\hat y_d| - e > x R (1+X+X^2)^2/(\rho(1-\rho))`: points 1 to 3 of the amplitude certificate with r = R_k, as
all its bounds grow with r. The regime, 0 < λ₁ < λ₂, λ_{n−1} < λ_n, ηλ_n < 2 and ηλ_i ≠ 1 (null preimages, for
polynomials) must hold with margins that rounding cannot cross (``bounds``). Everything else is left to exact
arithmetic, with the cause.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from gdcheck.theorem.batch.columns import Batch, Outcome
from gdcheck.theorem.batch.rows import Rows, program_of

BLOCK = 8192
"""The number of rows that a processor works on together: their columns fit into its cache."""

DEVICE_BLOCK = 2**20
"""The same for a GPU, where an operation should be large enough to fill it."""

MAX_BATCH_STEPS = 2048


def certify_batch(
    batch: Batch,
    xp: Any = np,
    *,
    device: Any = None,
    max_steps: int = MAX_BATCH_STEPS,
    block: int = BLOCK,
    least: int = 0,
) -> Outcome:
    """Certify the rows that float64 can certify.

    Args:
        batch: The problems.
        xp: The array namespace: ``numpy`` or ``torch``.
        device: The device of the arrays, where the namespace has devices.
        max_steps: Steps after which a row is given up.
        block: Rows worked on together; does not change what is proved.
        least: The last rows, if no more than these, are given up together: they would cost as much as a full block.

    Returns:
        The outcome of each row; of Adam and RMSprop, every row is left open.
    """
    outcome = Outcome.blank(batch.rows)
    if batch.averages is not None:
        # Their steps depend on their number and on roots, which no bound here covers.
        return outcome
    program = program_of(batch)
    with _quiet(xp):
        keep = least if batch.rows <= block else block // 2
        survivors = []
        for first in range(0, batch.rows, block):
            rows = Rows.of(program, batch, slice(first, first + block), outcome, xp=xp, device=device)
            survivors.append(rows.run(outcome, max_steps, keep))
        # The last open rows of many blocks continue together: an operation on few rows costs about as much as on one.
        while keep > least:
            waiting = _merged([rows for rows in survivors if rows.count], block)
            keep = least if len(waiting) <= 1 else keep
            survivors = [rows.run(outcome, max_steps, keep) for rows in waiting]
    return outcome


def _merged(survivors: Sequence[Rows], block: int) -> list[Rows]:
    merged: list[Rows] = []
    group: list[Rows] = []
    for rows in survivors:
        if group and sum(member.count for member in group) + rows.count > block:
            merged.append(Rows.joined(group))
            group = []
        group.append(rows)
    return [*merged, Rows.joined(group)] if group else merged


def simulate_batch(batch: Batch, steps: int, xp: Any = np, *, device: Any = None, block: int = BLOCK) -> Any:
    """Run the same descent without any certification, to compare its cost with the certificate's.

    Args:
        batch: The problems.
        steps: Steps of every row.
        xp: The array namespace.
        device: The device of the arrays.
        block: Rows worked on together.

    Returns:
        The last iterates, shape (n, rows), in float64 without any bound.
    """
    program = program_of(batch)
    pieces = []
    with _quiet(xp):
        for first in range(0, batch.rows, block):
            columns = batch.columns(xp, slice(first, first + block), device)
            mu, scaled = program.numbers(columns)
            here = program.state(xp, columns.start)
            there = [xp.empty_like(y) for y in here]
            scratch = [xp.empty_like(columns.step_size) for _ in range(program.scratch)]
            for _ in range(steps):
                program.advance(xp, here, there, mu=mu, c=scaled, scratch=scratch)
                here, there = there, here
            pieces.append(xp.stack(here[: batch.dimension]))
    return xp.concatenate(pieces, axis=1)


def _quiet(xp: Any) -> AbstractContextManager[Any]:
    """Silence warnings about overflow and NaN: they are valid results here."""
    return xp.errstate(all="ignore") if hasattr(xp, "errstate") else nullcontext()
