"""The public functions other than ``decide``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from gdcheck.theorem.loss.errors import InputError

if TYPE_CHECKING:
    import altair as alt
    import polars as pl

    from gdcheck.theorem.decision.decide import Decision
    from gdcheck.theorem.decision.enclosed.every_start import SmoothEveryStart
    from gdcheck.theorem.decision.every_start import EveryStart
    from gdcheck.theorem.decision.method_every_start import MethodEveryStart
    from gdcheck.theorem.decision.smooth import SmoothDecision
    from gdcheck.theorem.valleys.decide import ValleyDecision


def certify(
    decision: Decision | EveryStart | MethodEveryStart | SmoothDecision | SmoothEveryStart | ValleyDecision,
) -> dict[str, Any]:
    """Write the certificate of a decision, or of a verdict for almost every start.

    Args:
        decision: One whose verdict rests on a proof.

    Returns:
        The certificate as plain data for ``json.dumps``; docs/certificate.md describes it.

    Raises:
        InputError: If nothing is proved, so that there is nothing to certify.

    Examples:
        >>> import gdcheck
        >>> problem = gdcheck.Problem("x**2/2 + 2*y**2", step_size="1/10", start=["1", "1"])
        >>> gdcheck.certify(gdcheck.decide(problem))["limit"]["kind"]
        'fixed'
    """
    from gdcheck.theorem.certificate.certificate import certificate
    from gdcheck.theorem.certificate.kinds.every_start import every_start_certificate
    from gdcheck.theorem.certificate.methods.every_start import method_every_start_certificate
    from gdcheck.theorem.decision.decide import Decision
    from gdcheck.theorem.decision.every_start import EveryStart
    from gdcheck.theorem.decision.method_every_start import MethodEveryStart

    if isinstance(decision, EveryStart):
        found = every_start_certificate(decision)
    elif isinstance(decision, MethodEveryStart):
        found = method_every_start_certificate(decision)
    elif isinstance(decision, Decision):
        found = certificate(decision)
    else:
        # These load NumPy.
        from gdcheck.theorem.certificate.kinds.valley import valley_certificate
        from gdcheck.theorem.certificate.smooth.ends import end_certificate
        from gdcheck.theorem.certificate.smooth.every_start import smooth_every_start_certificate
        from gdcheck.theorem.certificate.smooth.method import enclosed_certificate
        from gdcheck.theorem.decision.smooth import SmoothDecision
        from gdcheck.theorem.valleys.decide import ValleyDecision

        if isinstance(decision, ValleyDecision):
            found = valley_certificate(decision)
        elif isinstance(decision, SmoothDecision):
            found = enclosed_certificate(decision) if decision.saddle is None else end_certificate(decision)
        else:
            found = smooth_every_start_certificate(decision)
    if found is None:
        raise InputError("decision", f"is {decision.verdict.value}: nothing is proved, so there is no certificate")
    return found


@dataclass(frozen=True)
class RecheckResult:
    """What the independent checker says of a certificate; true if and only if it accepts it.

    Attributes:
        accepted: Whether every claim was verified.
        reason: One sentence: what was verified, the first claim that fails, or the field that is malformed.
    """

    accepted: bool
    reason: str

    def __bool__(self) -> bool:
        return self.accepted


def recheck(certificate: Mapping[str, Any] | str | Path, *, time_limit: float = 60.0) -> RecheckResult:
    """Verify a certificate with the independent checker.

    Args:
        certificate: The certificate, or the path of its JSON file.
        time_limit: The seconds of processor time that the checker may take.

    Returns:
        The result. A certificate of another shape is not accepted, and neither is one that the checker could not
        finish; the reason then begins with "not checked", which does not mean that the proof is wrong.

    Raises:
        InputError: If the file cannot be read.

    Examples:
        >>> import gdcheck
        >>> problem = gdcheck.Problem("x**2/2 + 2*y**2", step_size="1/10", start=["1", "1"])
        >>> proof = gdcheck.certify(gdcheck.decide(problem))
        >>> proof["problem"]["step_size"] = "1/5"
        >>> bool(gdcheck.recheck(proof))
        False
    """
    from gdcheck.networks import CERTIFICATES
    from gdcheck.properties.storage.reading import parse_json, read_text
    from gdcheck.theorem.certificate.rechecking import BadCertificate, NotChecked, check, require_shape

    if isinstance(certificate, (str, Path)):
        path = Path(certificate)
        certificate = parse_json(read_text(path), "the certificate")
        if isinstance(certificate, dict) and certificate.get("schema") in CERTIFICATES:
            return _recheck_network(certificate, path, time_limit)
    try:
        require_shape(certificate)
        failure = check(certificate, time_limit)
    except NotChecked as gave_up:
        return RecheckResult(False, str(gave_up))
    except BadCertificate as error:
        return RecheckResult(False, f"malformed: {error}")
    return RecheckResult(failure is None, failure or "every claim is verified")


def _recheck_network(certificate: Mapping[str, Any], path: Path, time_limit: float) -> RecheckResult:
    """Check a network's certificate, whose arrays lie beside it."""
    from gdcheck.networks.proof.checker.inequality import NotChecked
    from gdcheck.networks.proof.storing import recheck_file

    try:
        failure = recheck_file(certificate, path, time_limit=time_limit)
    except NotChecked as gave_up:
        return RecheckResult(False, str(gave_up))
    except InputError as error:
        return RecheckResult(False, f"malformed: {error}")
    return RecheckResult(failure is None, failure or "every claim is verified")


def sweep(
    problems: int | None = None,
    *,
    seed: int = 0,
    spec: Mapping[str, Any] | None = None,
    jobs: int = 1,
    out: str | Path | None = None,
) -> pl.DataFrame:
    """Decide many random problems in certified float64 batches, those of Adam and RMSprop in Arb.

    Args:
        problems: How many; 100,000 if not given, and 2,000 of Adam or RMSprop, which take minutes.
        seed: The seed; a problem is a function of seed and index alone.
        spec: What the problems look like, as in the file for ``gdcheck sweep --spec``; docs/sweep.md lists the fields.
        jobs: Processes. More than one needs the usual ``if __name__ == "__main__":`` in a script.
        out: The directory where the batches are kept and can be resumed; a temporary one if not given.

    Returns:
        A table with one row for each problem: index, verdict, tier (float64 or arb), regime, distance from the
        boundary, step, sign.

    Raises:
        InputError: If an argument is out of range, or the directory cannot be used.

    Examples:
        >>> import gdcheck
        >>> table = gdcheck.sweep(1000, seed=1)
        >>> table["verdict"].unique().to_list()
        ['proved']
    """
    import polars as pl

    from gdcheck.properties.sweep.generator import Generator
    from gdcheck.properties.sweep.run import Executor
    from gdcheck.properties.sweep.run import sweep as run
    from gdcheck.properties.sweep.spec import FEW, Spec
    from gdcheck.properties.sweep.store import Store, check_count, check_seed
    from gdcheck.properties.sweep.tables import read_table

    generator = Generator(check_seed(seed), Spec.from_json(dict(spec or {})))
    count = FEW.get(generator.spec.method, 100_000) if problems is None else check_count(problems)
    with TemporaryDirectory() as scratch:
        store = Store.create(Path(scratch if out is None else out), generator, count)
        if run(store, Executor(jobs)).interrupted:
            raise KeyboardInterrupt
        return pl.concat(read_table(store, number) for number in range(store.batches()))


def plot(decision: Decision | SmoothDecision | ValleyDecision) -> alt.VConcatChart:
    """Draw a decided problem: its direction and sharpness by step, and the phase plane of two variables.

    Args:
        decision: The decision; for one about a valley, the zeros of the residuals are drawn too.

    Returns:
        An Altair chart; ``chart.save("picture.svg")`` writes it.

    Raises:
        InputError: If the trajectory cannot be drawn in floats.

    Examples:
        >>> import gdcheck
        >>> problem = gdcheck.Problem("x**2/2 + 2*y**2", step_size="1/10", start=["1", "1"])
        >>> len(gdcheck.plot(gdcheck.decide(problem)).vconcat)
        3
    """
    from altair import VConcatChart

    from gdcheck.reports.charts import in_print_colours
    from gdcheck.reports.problem_charts import problem_chart
    from gdcheck.reports.valley_charts import valley_chart
    from gdcheck.theorem.valleys.decide import ValleyDecision

    drawn = valley_chart(decision) if isinstance(decision, ValleyDecision) else problem_chart(decision)
    text = in_print_colours(drawn.to_json())
    chart: VConcatChart = VConcatChart.from_json(text)  # type: ignore[assignment]
    return chart
