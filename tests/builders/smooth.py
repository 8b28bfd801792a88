"""Random smooth losses as texts, and a simulation of gradient descent on them that shares no code with the engine."""

import random

import mpmath

FUNCTIONS = {
    "exp": mpmath.exp,
    "log": mpmath.log,
    "log1p": mpmath.log1p,
    "sqrt": mpmath.sqrt,
    "sin": mpmath.sin,
    "cos": mpmath.cos,
    "tan": mpmath.tan,
    "sinh": mpmath.sinh,
    "cosh": mpmath.cosh,
    "tanh": mpmath.tanh,
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "softplus": lambda x: mpmath.log1p(mpmath.exp(x)),
    "erf": mpmath.erf,
    "atan": mpmath.atan,
}


def affine(rng, names):
    """An affine form with small coefficients."""
    terms = [f"{rng.randint(-12, 12)}/8*{name}" for name in names]
    return "(" + " + ".join([*terms, f"{rng.randint(-8, 8)}/8"]) + ")"


def random_smooth(seed, n=None):
    """The text of a coercive smooth loss in x1, …, xn, and its variables' names."""
    rng = random.Random(seed)
    n = n or rng.randint(1, 4)
    names = [f"x{i + 1}" for i in range(n)]
    kinds = [
        "softplus({a})", "tanh({a})/2", "log(1 + {a}**2)", "sqrt(1 + {a}**2)", "sin({a})/2", "exp({a}/4)",
        "cos({a})*{b}/8", "erf({a})/2", "atan({a})", "{a}**4/16", "1/(1 + {a}**2)", "sigmoid({a})*{b}/4",
        "log1p(exp({a}))", "cosh({a}/2)/2", "(1 + {a}**2)**(3/4)/2",
    ]  # fmt: skip
    parts = [f"{rng.randint(2, 20)}/8*({name} - {rng.randint(-8, 8)}/8)**2" for name in names]
    more = range(rng.randint(1, 4))
    parts.extend(rng.choice(kinds).format(a=affine(rng, names), b=affine(rng, names)) for _ in more)
    return " + ".join(parts), names


def compiled(text, names):
    """The loss as a function of a list of mpmath numbers; the texts are this module's own."""
    code = compile(text.replace("/", "*one/"), "loss", "eval")

    def value(point):
        return eval(code, {"one": mpmath.mpf(1), **FUNCTIONS, **dict(zip(names, point, strict=True))})  # noqa: S307

    return value


def numeric_gradient(value, point):
    """Central differences with a step far below the digits that are asked for."""
    h = mpmath.mpf(2) ** (-mpmath.mp.prec // 3)
    found = []
    for i in range(len(point)):
        up, down = list(point), list(point)
        up[i], down[i] = up[i] + h, down[i] - h
        found.append((value(up) - value(down)) / (2 * h))
    return found


def simulated(text, names, eta, start, steps):
    """The iterates x₀, …, x_steps in mpmath."""
    value = compiled(text, names)
    x = [mpmath.mpf(s.numerator) / s.denominator for s in start]
    step = mpmath.mpf(eta.numerator) / eta.denominator
    iterates = [x]
    for _ in range(steps):
        x = [a - step * b for a, b in zip(x, numeric_gradient(value, x), strict=True)]
        iterates.append(x)
    return iterates
