r"""The sharpness: the largest Hessian eigenvalue as a function around the minimizer, with bounds of its derivatives.

Let :math:`A(h) = \nabla^2 f(m+h)`, :math:`\Lambda(h) = \lambda_n(A(h))`, v the unit eigenvector of λ_n at the minimizer
and γ the gap below it. Then :math:`\omega = \nabla\Lambda(0) = D^3f(m)[v, v, \cdot]`.

On the ball of radius r let :math:`T_k` bound :math:`D^kf`. By Weyl's inequality each eigenvalue moves by at most
:math:`rT_3`, so that the gap stays above :math:`\gamma_r = \gamma - 2rT_3`; where that is positive, λ_n stays simple,
and second-order perturbation theory gives

.. math:: D^2\Lambda[u,u] = w^TD^4f[u,u]w + 2\sum_{i<n} \frac{(w_i^T D^3f[u]\,w)^2}{\lambda_n-\lambda_i}
   \le T_4 + \frac{2T_3^2}{\gamma_r} =: 2K,

with the eigenvectors at that point. So :math:`|\Lambda(h)-\lambda_n-\omega\cdot h| \le K\|h\|^2` on the ball. Likewise,
as the third derivative of :math:`t \mapsto \lambda_n(A+tB)` is :math:`6x^T(B-v^TBv)x` with :math:`\|x\| \le
\|B\|/\gamma` and thus at most :math:`12\|B\|^3/\gamma^2`, the chain rule gives :math:`\|D^3\Lambda\| \le T_5 +
6T_3T_4/\gamma_r + 12T_3^3/\gamma_r^2`.

*Truncated powers.* With p = 4, f is C³ and :math:`D^3f` is Lipschitz with the constant that ``DerivativeBounds`` calls
its bound of order four. Then ω exists, and ∇Λ is Lipschitz with the same 2K: on a segment that meets each kink at most
once it is continuous and piecewise smooth, with a derivative of that size; such segments are dense. The same holds for
D²Λ with p = 5. A smaller p leaves no bound unless the ball misses the kink, and then none is claimed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from flint import arb, arb_mat, ctx, fmpq, fmpq_mat

from gdcheck.theorem.assumptions.regime import Classification
from gdcheck.theorem.assumptions.spectrum import Eigenspace, Pencil
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.hessian_map import HessianMap
from gdcheck.theorem.limit.sequence import EnclosedIterate
from gdcheck.theorem.loss.balls import surely_less
from gdcheck.theorem.methods.statement import End
from gdcheck.theorem.sharpness.derivatives import DerivativeBounds, contract, dot
from gdcheck.theorem.sharpness.maps import largest_eigenvalue

_GUARD_BITS = 64


@dataclass(frozen=True, eq=False)
class TopEigenvalue:
    """λ_n(∇²f(m + h)) around a minimizer with a simple λ_n, at the current precision.

    Attributes:
        expansion: The loss at its minimizer.
        derivatives: Bounds of its derivatives of order three and more.
        value: λ_n at the minimizer.
        gap: γ, a lower bound; None in dimension one.
        vector: v, enclosed, shape (n,).
        exact_vector: A rational eigenvector, if λ_n is rational.
    """

    expansion: Expansion
    derivatives: DerivativeBounds
    value: arb
    gap: arb | None
    vector: Sequence[arb]
    exact_vector: Sequence[fmpq] | None

    @classmethod
    def of(cls, expansion: Expansion, derivatives: DerivativeBounds, spectrum: Classification) -> TopEigenvalue | None:
        """Return the sharpness around a minimizer; None if λ_n is repeated.

        Args:
            expansion: The loss at its minimizer.
            derivatives: Bounds of its derivatives.
            spectrum: Its spectrum.

        Returns:
            The function.
        """
        top = spectrum.highest
        if top.multiplicity > 1:
            return None
        assert expansion.hessian is not None
        pencil = Pencil(expansion.hessian)
        others = spectrum.eigenvalues[:-1]
        # An irrational eigenvalue has conjugates, so that there are others.
        gap = top.lo - others[-1].hi if others else fmpq(1)
        exact = pencil.exact_eigenvector(top)
        if exact is not None:
            length = arb(dot(exact, exact, fmpq(0))).sqrt()
            vector = [arb(x) / length for x in exact]
        else:
            (dyadic,) = pencil.eigenvectors(top, ctx.prec + _GUARD_BITS)
            space = Eigenspace(End.HIGHEST, top, gap, fmpq_mat([dyadic]).transpose())
            error = _error(space, expansion.hessian)
            vector = [arb(x) + error for x in dyadic]
        return cls(expansion, derivatives, top.ball(), arb(gap) if others else None, vector, exact)

    @cached_property
    def exact_gradient(self) -> Sequence[fmpq] | None:
        """The gradient ω, if it is known to be rational."""
        cubic = any(len(word) == 2 for _, word, _ in self.expansion.gradient_terms)
        if not cubic and all(t.offset <= 0 for t in self.expansion.truncated):
            return [fmpq(0)] * self.expansion.dimension
        w = self.exact_vector
        if w is None:
            return None
        squared = dot(w, w, fmpq(0))
        return [x / squared for x in contract(self.expansion, (w, w), fmpq(0))]

    @cached_property
    def gradient(self) -> Sequence[arb]:
        """The gradient ω, enclosed."""
        exact = self.exact_gradient
        if exact is not None:
            return [arb(x) for x in exact]
        return contract(self.expansion, (self.vector, self.vector), arb(0))

    def _gap(self, radius: arb) -> arb | None:
        return None if self.gap is None else self.gap - 2 * radius * self.derivatives.order(3, radius)

    def curvature(self, radius: arb) -> arb:
        """2K: a Lipschitz constant of ∇Λ on the ball; not finite if none is known."""
        order = self.derivatives.order
        return lipschitz_of_gradient(order(3, radius), order(4, radius), self._gap(radius))

    def third(self, radius: arb) -> arb:
        """Return a Lipschitz constant of D²Λ on the ball; not finite if none is known."""
        third, fourth, fifth = (self.derivatives.order(k, radius) for k in (3, 4, 5))
        return lipschitz_of_second(third, fourth, fifth, self._gap(radius))

    def second(self, u: Sequence[arb]) -> arb:
        """D²Λ[u, u] at the minimizer; not finite if it does not exist."""
        if any(t.offset == 0 and t.power <= 4 for t in self.expansion.truncated):
            return arb("inf")
        assert self.expansion.hessian is not None
        v = self.vector
        fourth = dot(contract(self.expansion, (v, v, u), arb(0)), u, arb(0))
        bent = contract(self.expansion, (v, u), arb(0))
        return second_along(arb_mat(self.expansion.hessian), (self.value, v), bent, fourth)

    @cached_property
    def _higher_part_ignores_vector(self) -> bool:
        w = self.exact_vector
        totals: dict[tuple[int, ...], fmpq] = {}
        for i, word, c in self.expansion.gradient_terms:
            if len(word) > 1:
                if w is None:
                    return False
                totals[word] = totals.get(word, fmpq(0)) + w[i] * c
        return not any(totals.values())

    def constant(self, radius: arb) -> bool:
        """Whether Λ is proved constant on the ball: terms of order three and more ignore v; λ_n stays largest."""
        if not self._higher_part_ignores_vector:
            return False
        w = self.exact_vector
        for t in self.expansion.truncated:
            out_of_reach = bool(arb(t.offset) + arb(t.squared_length).sqrt() * radius <= 0)
            if not out_of_reach and (w is None or dot(w, t.direction, fmpq(0))):
                return False
        third = self.derivatives.order(3, radius)
        return self.gap is None or bool(third == 0) or surely_less(radius * third, self.gap)

    @cached_property
    def hessian(self) -> HessianMap:
        """The Hessian's evaluation, at the current precision."""
        return HessianMap(self.expansion)

    def slack(self, iterate: EnclosedIterate) -> arb:
        """How far the Hessian's eigenvalues at an iterate may be from those at the centre of its enclosure."""
        return self.derivatives.order(3, iterate.radius) * iterate.error

    def at(self, iterate: EnclosedIterate) -> arb:
        """Λ at an iterate, enclosed; not finite if that fails."""
        slack = self.slack(iterate)
        return largest_eigenvalue(self.hessian(iterate.centre)) + slack.union(-slack)


def lipschitz_of_gradient(third: arb, fourth: arb, gap: arb | None) -> arb:
    """Return a Lipschitz constant of ∇Λ on a ball; not finite if none is known.

    Args:
        third: T₃, a bound of the third derivative there.
        fourth: T₄, a bound of the fourth.
        gap: A lower bound of the gap below λ_n there; None in dimension one.
    """
    if gap is None:
        return fourth
    return fourth + 2 * third**2 / gap if surely_less(arb(0), gap) else arb("inf")


def lipschitz_of_second(third: arb, fourth: arb, fifth: arb, gap: arb | None) -> arb:
    """Return a Lipschitz constant of D²Λ on a ball, from bounds T₃, T₄, T₅ and the gap; not finite if none is known."""
    if gap is None:
        return fifth
    if not surely_less(arb(0), gap):
        return arb("inf")
    return fifth + 6 * third * fourth / gap + 12 * third**3 / gap**2


def second_along(hessian: arb_mat, pair: tuple[arb, Sequence[arb]], bent: Sequence[arb], fourth: arb) -> arb:
    """Return D²Λ[u, u] = D⁴f[v, v, u, u] + 2⟨(λ_n − ∇²f)⁺b, b⟩, b the part of D³f[v, u, ·] orthogonal to v.

    Args:
        hessian: ∇²f, enclosed, shape (n, n).
        pair: λ_n and its unit eigenvector v, enclosed, shape (n,).
        bent: D³f[v, u, ·], enclosed, shape (n,).
        fourth: D⁴f[v, v, u, u], enclosed.

    Returns:
        The number, enclosed; not finite where the equation of the pseudoinverse is not solved.
    """
    (value, v), n = pair, len(bent)
    along = dot(bent, v, arb(0))
    right = [x - along * y for x, y in zip(bent, v, strict=True)]
    shifted = arb_mat([[v[i] * v[j] + (value if i == j else 0) for j in range(n)] for i in range(n)]) - hessian
    try:
        solution = shifted.solve(arb_mat(n, 1, right)).entries()
    except ZeroDivisionError:
        return arb("inf")
    return fourth + 2 * dot(solution, right, arb(0))


def _error(space: Eigenspace, hessian: fmpq_mat) -> arb:
    """Return a ball around zero that holds the error of each component of a nearly normalized eigenvector.

    The projector is within δ of wwᵀ (docs/certificate.md, *Blocks*), and the unit eigenvector within 4δ of w for
    δ ≤ 1/100.
    """
    delta = space.deviation(hessian)
    if not surely_less(delta, arb(fmpq(1, 100))):
        return arb("nan")
    error = (4 * delta).upper()
    return error.union(-error)
