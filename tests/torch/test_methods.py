"""torch.optim against the enclosures: momentum, Nesterov, Adam and RMSprop in float64 from the same starts."""

import pytest
from flint import ctx

torch = pytest.importorskip("torch", reason="torch is not installed: run tox -e torch")

from gdcheck.properties.claims.torch_sgd import TorchLoss  # noqa: E402
from gdcheck.theorem.augmented.modes import classify_motion  # noqa: E402
from gdcheck.theorem.augmented.signs import Spectrum  # noqa: E402
from gdcheck.theorem.decision.decide import decide  # noqa: E402
from gdcheck.theorem.decision.state_search import StateSearch, pencil_of  # noqa: E402
from gdcheck.theorem.descent.expansion import Expansion  # noqa: E402
from gdcheck.theorem.descent.problem import Problem  # noqa: E402
from gdcheck.theorem.methods.method import Adam  # noqa: E402

UNIT = 2.0**-53
FOUR = "x**2/2 + y**2 + 2*z**2 + 5*w**2 + 3/10*(x + y + z + w)**3"
TWO = "x**2/2 + 5*y**2 + x*y**2/3 + x**3/5"
STARTS = {FOUR: {"x": "0.01", "y": "0.02", "z": "-0.01", "w": "0.005"}, TWO: {"x": "0.01", "y": "0.02"}}


def heavy(beta):
    return {"name": "heavy-ball", "momentum": beta}


def nesterov(beta):
    return {"name": "nesterov", "momentum": beta}


ADAM = {"name": "adam", "beta1": "0.05", "beta2": "0.9", "epsilon": "1"}
FIGURES = [
    *((FOUR, heavy("0.05"), eta, kind) for eta, kind in {"0.189": "fixed", "0.193": "alternating"}.items()),
    *((FOUR, heavy("0.5"), eta, kind) for eta, kind in {"0.05": "fixed", "0.2": None, "0.28": None}.items()),
    *(
        (FOUR, heavy("0.9"), eta, kind)
        for eta, kind in {"0.001": "fixed", "0.002": "fixed", "0.01": None, "0.2": None, "0.37": None}.items()
    ),
    *(
        (FOUR, nesterov("0.05"), eta, k)
        for eta, k in {"0.15": "fixed", "0.18": "alternating", "0.19": "alternating"}.items()
    ),
    *(
        (FOUR, nesterov("0.5"), eta, kind)
        for eta, kind in {
            "0.05": "fixed",
            "0.1": "fixed",
            "0.12": None,
            "0.13": "alternating",
            "0.14": "alternating",
            "0.145": "alternating",
        }.items()
    ),
    *(
        (TWO, ADAM, eta, kind)
        for eta, kind in {"0.15": "fixed", "0.19": "fixed", "0.203": "alternating", "0.21": "alternating"}.items()
    ),
    (TWO, ADAM, "0.2005", "fixed"),
    (TWO, {"name": "rmsprop", "beta2": "0.9", "epsilon": "1"}, "0.15", "fixed"),
    (TWO, {"name": "rmsprop", "beta2": "0.9", "epsilon": "1"}, "0.19", "alternating"),
]


def optimizer_of(problem, parameters):
    """The optimizer of torch that a problem means."""
    given, eta = problem.method.to_json(), float(problem.step_size.p) / float(problem.step_size.q)

    def number(name):
        p, _, q = given[name].partition("/")
        return int(p) / int(q or 1)

    if given["name"] in {"heavy-ball", "nesterov"}:
        nest = given["name"] == "nesterov"
        return torch.optim.SGD(parameters, lr=eta, momentum=number("momentum"), nesterov=nest)
    if given["name"] == "adam":
        return torch.optim.Adam(parameters, lr=eta, betas=(number("beta1"), number("beta2")), eps=number("epsilon"))
    return torch.optim.RMSprop(parameters, lr=eta, alpha=number("beta2"), eps=number("epsilon"))


def torch_path(problem, steps):
    model = TorchLoss(problem)
    optimizer = optimizer_of(problem, model.parameters())
    path = [model.iterate.tolist()]
    for _ in range(steps):
        optimizer.zero_grad()
        model().backward()
        optimizer.step()
        path.append(model.iterate.tolist())
    return path


def problem_of(loss, method, step_size):
    return Problem(loss, step_size=step_size, start=STARTS[loss], method=method)


@pytest.mark.parametrize(("loss", "method", "step_size", "kind"), FIGURES)
def test_every_iterate_is_in_the_enclosure(loss, method, step_size, kind):
    """Within the enclosure's error plus a bound of the rounding of float64.

    Each step is rounded by at most 100 units of everything that is added up in it; an error grows by ρ + K_gΛ(r)
    in the norm of the powers, for adaptive methods by what their factors add as well, and is paid for with K once.
    """
    # So near the minimizer that errors shrink from the first step on.
    start = {name: f"{value}e-4" for name, value in STARTS[loss].items()}
    problem = Problem(loss, step_size=step_size, start=start, method=method)
    expansion = Expansion.around(problem, problem.step_size * problem.method.gain)
    motion = classify_motion(Spectrum(pencil_of(expansion, problem.method), 256), problem.method, problem.step_size)
    search = StateSearch(expansion, problem.method, motion, problem.step_size, 100, 256, 192)
    sequence = search.sequence(motion, None, 192)
    path = torch_path(problem, 40)
    n, powers, doubt = problem.dimension, float(sequence.powers.state), 0.0
    with ctx.workprec(192):
        for k, (iterate, x) in enumerate(zip(sequence.iterates(), path, strict=False)):
            centre = [float(c.mid()) for c in iterate.centre[:n]]
            distance = max(abs(a - b) for a, b in zip(centre, x, strict=True))
            assert distance <= float(iterate.error.upper()) + doubt + UNIT, k
            radius = float(iterate.radius.upper())
            shrinks = float(sequence.rho.upper()) + 4 * float(sequence.remainder(iterate.radius).upper()) * radius
            if isinstance(problem.method, Adam):
                shrinks += float(sequence.drift(iterate).largest.upper())
            doubt = shrinks * doubt + powers * 100 * UNIT * radius
    assert doubt < 1e-13


@pytest.mark.parametrize(("loss", "method", "step_size", "kind"), FIGURES)
def test_directions_are_as_proved(loss, method, step_size, kind):
    problem = problem_of(loss, method, step_size)
    decision = decide(problem)
    assert decision.limit.kind.value == (kind or "rotating")
    # Near the switch the direction is slow.
    steps = 2000 if method.get("momentum") == "0.9" or step_size == "0.2005" else 400
    path = [p for p in torch_path(problem, steps) if max(map(abs, p)) > 1e-150]
    units = [[a / sum(b * b for b in p) ** 0.5 for a in p] for p in path]
    cosines = [sum(a * b for a, b in zip(u, v, strict=True)) for u, v in zip(units[-60:], units[-59:], strict=False)]
    if kind is None:
        assert min(cosines) < 0.9999 and max(cosines) > -0.9999
        if method["name"] == "nesterov":
            # The pair of λ₁ dominates alone: along v₁ up to sign, but next to the changes of sign.
            flattest = problem.loss.variables.index("x")
            assert sorted(abs(u[flattest]) for u in units[-60:])[20] > 0.99
        return
    sign = 1 if kind == "fixed" else -1
    vector = [float(x.mid()) for x in decision.limit.vectors[0]]
    at = len(units) - 1
    overlap = sum(a * b for a, b in zip(units[at], vector, strict=True)) * sign**at
    assert overlap > 0.99 and all(sign * c > 0.98 for c in cosines[-5:])
