"""Every certificate that is written has the published shape, whatever its problem."""

import json

import pytest
from hypothesis import given

from gdcheck.properties.strategies.instance import StartPlace
from gdcheck.properties.strategies.problems import problems
from gdcheck.theorem.certificate.certificate import certificate
from gdcheck.theorem.certificate.rechecking import BadCertificate, check, require_shape
from gdcheck.theorem.decision.decide import decide
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.methods.statement import Regime

KINDS = [
    problems(dimensions=(2, 4)),
    problems(regime=Regime.BOUNDARY, dimensions=(2, 4), place=StartPlace.BALL),
    problems(dimensions=(2, 4), place=StartPlace.EXCEPTIONAL),
]


@pytest.mark.parametrize("kind", range(len(KINDS)))
def test_certificates_have_their_shape(kind):
    @given(KINDS[kind])
    def shaped(instance):
        written = certificate(decide(instance.problem, max_steps=20_000))
        if written is not None:
            require_shape(json.loads(json.dumps(written)))

    shaped()


@pytest.mark.parametrize(
    ("loss", "step_size"),
    [
        ("1/2*x**2 + 2*y**2", "3/2"),
        ("1/2*x**2 + 2*y**2", "1/4"),
        ("x**2 + x*y + 3*y**2", "1/2"),
        ("x**2 - y**2", "1/4"),
    ],
)
def test_those_without_a_limit_too(loss, step_size):
    written = certificate(decide(Problem(loss, step_size=step_size, start=["1/8", "1/16"])))
    require_shape(json.loads(json.dumps(written)))
    assert check(written) is None


@pytest.mark.parametrize("value", [None, 3, [], "x", {}])
def test_what_is_no_certificate_is_refused(value):
    with pytest.raises(BadCertificate, match=r"docs/certificate\.md"):
        require_shape(value)
