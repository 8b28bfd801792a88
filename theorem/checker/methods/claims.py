"""Certificates of the theorems on methods with a buffer: Claims M1 to M11, and ``check``.

A state z = (h, c) moves by c' = beta c + u P grad f and h' = h - a u P grad f - kappa c. On an eigenvector of P times
the Hessian this is a 2 x 2 matrix M(s), s = u lambda, whose powers are bounded by K rho^j. So the amplitude lemma holds
for K z. docs/certificate.md, *Certificates for methods*; the argument is docs/methods.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from gdcheck.theorem.checker import outcome
from gdcheck.theorem.checker.assumptions import (
    Space,
    maps_into_itself,
    preimages_fail,
    restricted,
    smoothness_fails,
)
from gdcheck.theorem.checker.descent import Descent, verify_critical_point
from gdcheck.theorem.checker.document import (
    Bounds,
    Eigenvalue,
    Interval,
    Limit,
    Problem,
    Spectrum,
    read_count,
    read_interval,
    read_list,
    read_number,
    read_object,
    read_or_null,
    read_problem,
    read_text,
    read_vector,
    refuse,
)
from gdcheck.theorem.checker.exact import Matrix, Vector, dot, norm_above, root_bounds
from gdcheck.theorem.checker.methods.adaptive import Drift, enclose_adaptive
from gdcheck.theorem.checker.methods.modes import Block, Linear, Mode, blocks_of, powers_above, regime_of
from gdcheck.theorem.checker.methods.states import PRECISIONS, StateMap, enclose
from gdcheck.theorem.checker.outcome import TIME_LIMIT, ClaimError, claim, show
from gdcheck.theorem.checker.spectrum import Operator, verify_eigenvalue
from gdcheck.theorem.checker.trajectory import Expansion, Remainder

FORMAT = "gdcheck-method/1"


@dataclass(frozen=True)
class Part:
    """An eigenspace of a dominant eigenvalue, spanned by vectors up to an error.

    Attributes:
        eigenvalue: The position of the eigenvalue.
        gap: No other eigenvalue is within it of the interval.
        vectors: Each of shape (n,).
    """

    eigenvalue: int
    gap: Fraction
    vectors: tuple[Vector, ...]


@dataclass(frozen=True)
class Inner:
    """A linear space that holds the trajectory, and what is claimed of the modes on it; nothing without a limit."""

    basis: tuple[Vector, ...]
    regime: str | None
    eigenvalues: tuple[Eigenvalue, ...]
    dominant: tuple[int, ...]


@dataclass(frozen=True)
class MethodCertificate:
    """All fields of a certificate but its format; ``spectrum`` holds the ends of ``eigenvalues``."""

    problem: Problem
    linear: Linear
    verdict: str
    regime: str | None
    eigenvalues: tuple[Eigenvalue, ...]
    dominant: tuple[int, ...]
    fails: tuple[str, ...]
    points: tuple[Vector, ...]
    kernel: Vector | None
    powers: Fraction | None
    parts: tuple[Part, ...]
    amplitudes: Vector
    step: int
    bounds: Bounds | None
    limit: Limit
    subspace: Inner | None

    @property
    def spectrum(self) -> Spectrum:
        """Return the ends."""
        return Spectrum(self.eigenvalues[0], self.eigenvalues[-1])


def check(certificate: object, time_limit: float = TIME_LIMIT) -> str | None:
    """Verify a certificate of a theorem on a method.

    Args:
        certificate: The parsed JSON object.
        time_limit: The seconds that it may take.

    Returns:
        None if every claim has been verified, else a sentence that names the first claim that fails.

    Raises:
        BadCertificate: If it is malformed.
        NotChecked: If the checker gives up at one of its limits.
    """
    with outcome.time_limit(time_limit):
        try:
            _verify(_read(certificate))
        except ClaimError as failure:
            return str(failure)
    return None


def read_eigenvalue(entry: object, path: str) -> Eigenvalue:
    """Read an eigenvalue."""
    e = read_object(entry, path, "interval multiplicity")
    low, high = read_interval(e["interval"], f"{path}.interval")
    return Eigenvalue(low, high, read_count(e["multiplicity"], f"{path}.multiplicity"))


def _read(value: object) -> MethodCertificate:
    names = (
        "schema problem verdict regime eigenvalues dominant fails points kernel subspace powers parts amplitudes"
        " step bounds limit"
    )
    c = read_object(value, "certificate", names)
    if c["schema"] != FORMAT:
        refuse("schema", repr(FORMAT))
    given = c["problem"]
    if type(given) is not dict or "method" not in given:
        refuse("problem", "an object with a method")
    problem = read_problem({name: entry for name, entry in given.items() if name != "method"})
    n = len(problem.variables)

    def vectors(entry: object, path: str) -> tuple[Vector, ...]:
        return read_list(entry, path, lambda vector, at: read_vector(vector, at, n))

    def inner(entry: object, path: str) -> Inner:
        s = read_object(entry, path, "basis regime eigenvalues dominant")
        return Inner(
            vectors(s["basis"], f"{path}.basis"),
            read_or_null(s["regime"], f"{path}.regime", read_text),
            read_list(s["eigenvalues"], f"{path}.eigenvalues", read_eigenvalue),
            read_list(s["dominant"], f"{path}.dominant", read_count),
        )

    def part(entry: object, path: str) -> Part:
        p = read_object(entry, path, "eigenvalue gap vectors")
        return Part(
            read_count(p["eigenvalue"], f"{path}.eigenvalue"),
            read_number(p["gap"], f"{path}.gap"),
            vectors(p["vectors"], f"{path}.vectors"),
        )

    def bounds(entry: object, path: str) -> Bounds:
        b = read_object(entry, path, "radius sigma tail")
        return Bounds(*(read_number(b[name], f"{path}.{name}") for name in ("radius", "sigma", "tail")))

    limit = read_object(c["limit"], "limit", "kind vectors")
    return MethodCertificate(
        problem,
        Linear.read(given["method"], n),
        read_text(c["verdict"], "verdict"),
        read_or_null(c["regime"], "regime", read_text),
        read_list(c["eigenvalues"], "eigenvalues", read_eigenvalue),
        read_list(c["dominant"], "dominant", read_count),
        read_list(c["fails"], "fails", read_text),
        vectors(c["points"], "points"),
        read_or_null(c["kernel"], "kernel", lambda entry, path: read_vector(entry, path, n)),
        read_or_null(c["powers"], "powers", read_number),
        read_list(c["parts"], "parts", part),
        read_list(c["amplitudes"], "amplitudes", read_number),
        read_count(c["step"], "step"),
        read_or_null(c["bounds"], "bounds", bounds),
        Limit(
            read_or_null(limit["kind"], "limit.kind", read_text),
            read_list(limit["vectors"], "limit.vectors", lambda entry, path: read_list(entry, path, read_interval, n)),
        ),
        read_or_null(c["subspace"], "subspace", inner),
    )


def _verify(c: MethodCertificate) -> None:
    """Verify all claims, in the order of the specification."""
    u = c.problem.step_size * c.linear.gain
    descent = Descent.of(replace(c.problem, step_size=u))
    verify_critical_point(descent)
    hessian = descent.hessian_at_minimizer([kink.offset > 0 for kink in descent.kinks])
    matrix = c.linear.preconditioned(hessian)
    operator = Operator.of(matrix)
    verify_eigenvalues(operator, c.eigenvalues)
    blocks = blocks_of(c.linear, u, c.eigenvalues)
    regime, modes = regime_of(c.linear, u, operator, c.eigenvalues, c.dominant)
    claim(c.regime == regime, f"the regime is {(c.regime or 'null')[:40]} fails: it is {regime}")
    _verify_verdict(c, descent, modes)
    if c.subspace is not None:
        c, operator, blocks, modes = _on_subspace(c, c.subspace, descent, hessian, modes)
    if c.limit.kind is None:
        nothing = not c.parts and not c.amplitudes and not c.limit.vectors and c.step == 0 and c.bounds is None
        claim(nothing, "without a limit nothing else is claimed fails")
        return
    _verify_limit(c, descent, operator, blocks, modes)


def verify_eigenvalues(operator: Operator, eigenvalues: Sequence[Eigenvalue]) -> None:
    """Claim M1 (spectrum): these are all eigenvalues of P A, ascending and positive."""
    claim(sum(e.multiplicity for e in eigenvalues) == operator.dimension, "all eigenvalues are stated fails")
    before = Fraction(0)
    for e in eigenvalues:
        claim(before < e.low <= e.high, f"positive eigenvalues in ascending order fails at [{show(e.low, e.high)}]")
        verify_eigenvalue(operator, e)
        before = e.high


def _on_subspace(
    c: MethodCertificate, given: Inner, descent: Descent, hessian: Matrix, modes: dict[int, Mode]
) -> tuple[MethodCertificate, Operator, list[Block], dict[int, Mode]]:
    """Claim M11 (subspace): it holds the start and is mapped into itself; return what is claimed on it.

    With h and c in it, so are their successors, as the gradient at any of its points lies in it.
    """
    space = Space.of(given.basis)
    claim(c.linear.adaptive is None and c.linear.preconditioner is None, "no subspace is claimed of this method fails")
    claim(space.holds(descent.start), "the start lies in the subspace fails")
    claim(maps_into_itself(descent, space), "the gradient maps the subspace into itself fails")
    operator = Operator.of(restricted(hessian, space)) if given.basis else Operator.of([])
    if c.verdict == "exceptional":
        ends = [c.eigenvalues[i] for i in modes]
        absent = not given.basis or all(operator.up_to(e.high) == operator.below(e.low) for e in ends)
        claim(absent, "the dominant eigenvalues are absent fails")
    if c.limit.kind is None:
        return c, operator, [], {}
    claim(given.basis, "a limit at the minimizer itself fails")
    verify_eigenvalues(operator, given.eigenvalues)
    u = descent.step_size
    blocks = blocks_of(c.linear, u, given.eigenvalues)
    regime, inner = regime_of(c.linear, u, operator, given.eigenvalues, given.dominant)
    claim(given.regime == regime, f"the regime on the subspace fails: it is {regime}")
    vectors = [v for part in c.parts for v in part.vectors]
    claim(all(map(space.holds, vectors)), "the parts lie in the subspace fails")
    return replace(c, eigenvalues=given.eigenvalues), operator, blocks, inner


def _verify_verdict(c: MethodCertificate, descent: Descent, modes: dict[int, Mode]) -> None:
    """Claim M3 (verdict): exactly these assumptions fail, and the verdict follows."""
    failing = {"smoothness"} if smoothness_fails(descent) else set()
    if c.regime in {"unstable", "boundary"}:
        failing.add("stable-step" if c.regime == "unstable" else "off-boundary")
    elif c.regime != "rotating":
        (index,) = modes
        if len(c.eigenvalues) == 1:
            failing.add("distinct-ends")
        if c.eigenvalues[index].multiplicity > 1:
            failing.add("simple-lowest" if c.regime == "small-step" else "simple-highest")
    if c.linear.loses_volume and c.regime != "unstable" and c.linear.preconditioner is None:
        if preimages_fail(c, descent):
            failing.add("null-preimages")
    elif c.linear.preconditioner is not None and c.regime != "unstable":
        determinant_only = not descent.kinks and not c.points and c.kernel is None
        claim(determinant_only and c.linear.is_regular(descent), "the determinant of the map is not zero fails")
    else:
        claim(not c.points and c.kernel is None, "no evidence on preimages is asked for fails")
    claim(sorted(c.fails) == sorted(failing), f"the failing assumptions are {sorted(c.fails)} fails: {sorted(failing)}")
    verdict = "not-applicable" if failing else "proved"
    if c.verdict == "exceptional" and not failing:
        claim(c.subspace is not None and c.regime in {"small-step", "large-step", "rotating"}, "an exception fails")
        return
    claim(c.verdict == verdict, f"the verdict is {c.verdict[:40]} fails: it can only be {verdict}")
    claim(failing or c.limit.kind is not None, "a limit is claimed fails: the verdict is proved")


@dataclass(frozen=True)
class Frame:
    """What Claim M5 gives for a part.

    Attributes:
        vectors: W, by columns.
        dual: P^-1 W, by columns.
        defect: A bound of the norm of the difference between the projector and W dual^T.
        tilt: A bound of the distance of a unit vector along a simple part from the eigenspace's unit vectors.
    """

    vectors: tuple[Vector, ...]
    dual: tuple[Vector, ...]
    defect: Fraction
    tilt: Fraction

    def project(self, vector: Sequence[Fraction]) -> list[Fraction]:
        """Return W dual^T times a vector, shape (n,)."""
        shares = [dot(d, vector) for d in self.dual]
        return [dot(column, shares) for column in zip(*self.vectors, strict=True)]


def verify_part(
    linear: Linear, eigenvalues: Sequence[Eigenvalue], operator: Operator, matrix: Matrix, part: Part
) -> Frame:
    """Claim M5 (eigenspace): the vectors span the eigenspace up to a known error, by Davis and Kahan."""
    end = eigenvalues[part.eigenvalue]
    near = operator.below(end.high + part.gap) - operator.up_to(end.low - part.gap)
    claim(part.gap > 0 and near == end.multiplicity, f"gap {show(part.gap)} fails: {near} eigenvalues are near")
    dual = tuple(linear.dual(v) for v in part.vectors)
    skew = sum(
        ((dot(v, w) - (i == j)) ** 2 for i, v in enumerate(part.vectors) for j, w in enumerate(dual)), Fraction(0)
    )
    claim(len(part.vectors) == end.multiplicity and 4 * skew <= 1, "orthonormal vectors fails")
    middle = (end.low + end.high) / 2
    square = Fraction(0)
    for v in part.vectors:
        residual = tuple(dot(row, v) - middle * x for row, x in zip(matrix, v, strict=True))
        square += 2 * dot(residual, linear.dual(residual)) / part.gap**2
    claim(4 * square < 1, f"the vectors span the eigenspace fails: s^2 = {show(square)}")
    size = linear.size
    s = root_bounds(square)[1] if square else Fraction(0)
    return Frame(part.vectors, dual, size * (s + (root_bounds(skew)[1] if skew else 0)), 2 * size * s)


@dataclass(frozen=True)
class Lemma:
    """The lemma for what dominates.

    Attributes:
        signs: The signs of the multipliers of the parts; none where space turns.
        frames: The parts.
        functionals: The coefficients of h and c in the amplitude of each part; none where space turns.
        rho: An interval of rho.
        scale: The factor between the tail of an amplitude and that of the lemma, times K.
    """

    signs: tuple[int, ...]
    frames: tuple[Frame, ...]
    functionals: tuple[tuple[Interval, Interval], ...]
    rho: Interval
    scale: Fraction

    def project(self, state: Sequence[Fraction]) -> list[list[Fraction]]:
        """Return the projections of a state of shape (2n,)."""
        n = len(state) // 2
        h, c = state[:n], state[n:]
        if self.functionals:
            found = []
            for frame, pair in zip(self.frames, self.functionals, strict=True):
                a, b = ((low + high) / 2 for low, high in pair)
                found.append(frame.project([a * x + b * y for x, y in zip(h, c, strict=True)]))
            return found
        if not self.frames:
            return [list(state)]
        return [[*self.frames[0].project(h), *self.frames[0].project(c)]]

    def doubts(self, size_of: Fraction, error: Fraction, size: Fraction) -> list[Fraction]:
        """Bound the errors of the projections of a state, in a ball around a centre of known size."""
        if not self.functionals:
            defect = self.frames[0].defect if self.frames else Fraction(0)
            return [error * size + defect * (size_of + error)]
        found = []
        for frame, pair in zip(self.frames, self.functionals, strict=True):
            most = norm_above([max(map(abs, f)) for f in pair])
            width = norm_above([(high - low) / 2 for low, high in pair])
            found.append((error * most + width * size_of) * size + frame.defect * most * (size_of + error))
        return found


def _lemma(
    c: MethodCertificate, operator: Operator, matrix: Matrix, blocks: Sequence[Block], modes: dict[int, Mode]
) -> Lemma:
    """Verify the parts, and K; find what the lemma needs."""
    double = [i for i, mode in modes.items() if mode.double]
    turning = not double and any(mode.sign == 0 for mode in modes.values())
    chosen = sorted(double or [i for i in modes if turning == (modes[i].sign == 0)], key=lambda i: -modes[i].sign)
    signs = () if turning else tuple(modes[i].sign for i in chosen)
    kind = {(): "rotating", (1,): "fixed", (-1,): "alternating", (1, -1): "two-cycle"}.get(signs)
    claim(kind is not None and c.limit.kind == kind, f"the limit is {c.limit.kind} fails: it can only be {kind}")
    whole = turning and len(chosen) == len(c.eigenvalues)
    stated = [part.eigenvalue for part in c.parts]
    claim(stated == ([] if whole else chosen[:1] if turning else chosen), f"the parts are {stated} fails")
    exact = rho = blocks[chosen[0]].modulus(modes[chosen[0]])
    if double:  # rho' = rho^(3/4), for which rho'^2 < rho
        rho = root_bounds(root_bounds(rho[0] ** 3)[0])[0], root_bounds(root_bounds(rho[1] ** 3)[1])[1]
    claim(rho[0] > 0 and rho[1] < 1, f"0 < rho < 1 fails: rho in [{show(*rho)}]")
    size = c.linear.size
    most = max(powers_above(c.linear, block, modes.get(i), rho) for i, block in enumerate(blocks)) * size
    claim(c.powers is not None and c.powers >= most, f"K = {show(c.powers or 0)} fails: it is at least {show(most)}")
    frames = tuple(verify_part(c.linear, c.eigenvalues, operator, matrix, part) for part in c.parts)
    if turning:
        met = chosen[:1] if frames else chosen
        return Lemma(signs, frames, (), rho, max(powers_above(c.linear, blocks[i], modes[i], rho) for i in met) * size)
    functionals = tuple(blocks[i].functional(c.linear, modes[i]) for i in chosen)
    scale = max(norm_above([max(map(abs, f)) for f in pair]) for pair in functionals) * size
    if double:
        scale *= rho[1] * (1 - rho[0]) / (exact[0] - rho[1] ** 2)
    return Lemma(signs, frames, functionals, rho, scale)


def _verify_limit(
    c: MethodCertificate,
    descent: Descent,
    operator: Operator,
    blocks: Sequence[Block],
    modes: dict[int, Mode],
) -> None:
    """Claim M7 (amplitude): at the step that is claimed every amplitude exceeds the tail; so the limit follows."""
    hessian = descent.hessian_at_minimizer([kink.offset > 0 for kink in descent.kinks])
    lemma = _lemma(c, operator, c.linear.preconditioned(hessian), blocks, modes)
    k, size, rho = c.powers, c.linear.size, lemma.rho
    assert k is not None
    claim(c.bounds is not None, "bounds are stated fails")
    assert c.bounds is not None
    states = StateMap(c.linear, _expansion(c, descent, hessian), rho[1], k)
    steepest = descent.step_size * c.eigenvalues[-1].high
    average, factors = Fraction(0), (Fraction(0), Fraction(0))
    for bits in PRECISIONS:
        if c.linear.adaptive is None:
            centre, error = enclose(states, c.step, bits)
        else:
            centre, error, average, factors = enclose_adaptive(states, steepest, c.step, bits)
        projections = lemma.project(centre)
        if error**2 * 2**128 <= min(dot(z, z) for z in projections) * min(Fraction(1), 1 / lemma.scale) ** 2:
            break
    size_of = norm_above(centre)
    r = k * (size_of + error)
    at = f"at step {c.step}"
    push = k * c.linear.pull * states.expansion.remainder.push(r)
    drift = Drift() if c.linear.adaptive is None else Drift.of(states, steepest, r, average, factors)
    sigma = rho[1] + push + drift.largest
    claim(sigma < 1, f"sigma < 1 fails {at}: sigma {show(sigma)}")
    x = (push / (1 - sigma) + drift.total(sigma)) / rho[0]
    claim(x <= 1, f"x <= 1 fails {at}: x {show(x)}")
    p = 1 + x + x * x
    tail = push * p**2 * r / (rho[0] * (1 - rho[1])) + p * r * drift.total(sigma) / rho[0]
    numbers = [("radius", c.bounds.radius, r), ("sigma", c.bounds.sigma, sigma), ("tail", c.bounds.tail, tail)]
    claim(len(c.amplitudes) == len(projections), "an amplitude for each part fails")
    errors = lemma.doubts(size_of, error, size)
    for z, doubt, told in zip(projections, errors, c.amplitudes, strict=True):
        amplitude = (root_bounds(dot(z, z))[0] - doubt) * k / lemma.scale
        claim(amplitude > tail, f"amplitude > tail fails {at}: amplitude {show(amplitude)}, tail {show(tail)}")
        numbers.append(("amplitude", told, amplitude))
    for name, told, own in numbers:
        agrees = abs(told - own) * 10**6 <= abs(own) + r / 10**20
        claim(agrees, f"{name} = {show(told)} fails {at}: it is {show(own)}")
    if not lemma.signs:
        claim(not c.limit.vectors, "no vector is claimed where the direction rotates fails")
        return
    miss = tail * lemma.scale / k * len(lemma.signs) + sum(errors, Fraction(0))
    _verify_vectors(c, lemma, projections, miss)


def _expansion(c: MethodCertificate, descent: Descent, hessian: Matrix) -> Expansion:
    """Bound gradient descent with the factor u around the minimizer."""
    ends: tuple[Fraction, ...] = (c.eigenvalues[0].low, c.eigenvalues[-1].high)
    if c.linear.preconditioner is not None or c.subspace is not None:
        bound = norm_above([x for row in hessian for x in row])
        ends = -bound, bound
    return Expansion(descent, Remainder.of(descent), max(abs(1 - descent.step_size * x) for x in ends))


def _verify_vectors(
    c: MethodCertificate, lemma: Lemma, projections: Sequence[Sequence[Fraction]], miss: Fraction
) -> None:
    """Claim M8 (limit): every component's interval holds the limit, and is narrow."""
    frames, signs = lemma.frames, lemma.signs
    simple = len(frames) == len(frames[0].vectors) == 1
    width = Fraction(1, 10 ** (9 if simple else 6))
    claim(len(c.limit.vectors) == len(signs), "a vector for each parity fails")
    for parity, box in enumerate(c.limit.vectors):
        flips = [sign ** (c.step + parity) for sign in signs]
        z = [dot(flips, components) for components in zip(*projections, strict=True)]
        low, high = root_bounds(dot(z, z))
        claim(2 * low > miss, f"the limit can be told from zero fails at step {c.step}")
        spread = frames[0].tilt if simple else 2 * miss / (2 * low - miss)
        for y, (least, most) in zip(z, box, strict=True):
            lower, upper = min(y / low, y / high) - spread, max(y / low, y / high) + spread
            good = least <= lower and upper <= most <= least + width
            limits = f"[{show(least, most)}] fails: it is in [{show(lower, upper)}]"
            claim(good, f"the limit is in the narrow {limits}")
