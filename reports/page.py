"""The page of one or more runs: one HTML file that needs no network; its script only sorts, filters and copies."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from gdcheck.reports import text, verification_view
from gdcheck.reports.ablation_view import (
    ablation_cautions,
    ablation_headline,
    certificate_files,
    evidence_words,
    verdict_words,
)
from gdcheck.reports.caution import Caution
from gdcheck.reports.claims_view import claims_cautions, claims_view
from gdcheck.reports.schema import Report, unproved
from gdcheck.theorem.decision.decide import Verdict


@dataclass(frozen=True)
class Sources:
    """The runs that a page shows, each as its plain data; None for what there is not.

    Attributes:
        verification: A run of ``gdcheck verify``.
        claims: A run of the claims as properties.
        ablation: A run of ``gdcheck ablate``.
        sweep: The summary of a run of ``gdcheck sweep``.
        network: The result of ``gdcheck network``.
        training: The result of ``gdcheck train``.
    """

    verification: Report | None = None
    claims: Mapping[str, Any] | None = None
    ablation: Mapping[str, Any] | None = None
    sweep: Mapping[str, Any] | None = None
    network: Mapping[str, Any] | None = None
    training: Mapping[str, Any] | None = None

    @property
    def outcome(self) -> str:
        """``failed``, ``incomplete`` or ``passed``: the worst of the runs."""
        found = []
        if self.verification is not None:
            found.append(self.verification["outcome"])
        if self.claims is not None:
            broken = claims_view(self.claims).broken or self.claims["discard_rate"] > 0.02
            found.append("failed" if broken else "passed")
        if self.ablation is not None:
            short = self.ablation["interrupted"] or any(row["verdict"] == "open" for row in self.ablation["rows"])
            found.append("incomplete" if short else "passed")
        if self.sweep is not None:
            found.append(self.sweep["outcome"])
        if self.network is not None or self.training is not None:
            # What is measured proves nothing, and fails nothing.
            found.append("passed")
        known = ("failed", "incomplete", "passed")
        return next((word for word in known if word in found), str(found[0]) if found else "incomplete")


@dataclass(frozen=True)
class Pictures:
    """SVGs of our own making, which are put into the page as they are.

    Attributes:
        wide: The phase diagram of a verification.
        narrow: The same for narrow screens.
        worked: The worked example of a verification.
        claims: The verdicts of a run of the claims.
        exhibits: A picture for an exhibit of an ablation, by ``name/role``.
        sweep: Titles and pictures of a sweep.
        network: The two regimes around a network's minimum.
        training: The optimizers.
    """

    wide: str = ""
    narrow: str = ""
    worked: str = ""
    claims: str = ""
    exhibits: Mapping[str, str] = field(default_factory=dict)
    sweep: Sequence[tuple[str, str]] = ()
    network: str = ""
    training: str = ""


def render_page(sources: Sources, pictures: Pictures) -> str:
    """Renders the page.

    Args:
        sources: The runs; every text in them is shown as text.
        pictures: What ``reports.charts`` drew of them.

    Returns:
        HTML.
    """
    report, claims, ablation = sources.verification, sources.claims, sources.ablation
    script = files("gdcheck.reports").joinpath("templates", "page.js").read_text(encoding="utf-8")
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=PackageLoader("gdcheck.reports"),
    )
    environment.filters |= _FILTERS
    return environment.get_template("page.html.j2").render(
        outcome=sources.outcome,
        parts=_parts(sources),
        notes=verification_view.notes(report) if report else [],
        cautions=_cautions(sources),
        facts=_facts(sources),
        again=_again(sources),
        # The script and the pictures are our own; all else is escaped.
        script=Markup(script),
        script_hash="sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        wide=Markup(pictures.wide),
        narrow=Markup(pictures.narrow),
        worked=Markup(pictures.worked),
        claims_picture=Markup(pictures.claims),
        pictures=_Pictures(pictures.exhibits),
        certificates=certificate_files,
        sweep=sources.sweep,
        sweep_pictures=[(title, Markup(svg)) for title, svg in pictures.sweep],
        network=sources.network,
        network_picture=Markup(pictures.network),
        training=sources.training,
        training_picture=Markup(pictures.training),
        first=_parts(sources)[0]["anchor"] if _parts(sources) else "",
        report=report,
        claims=claims,
        claims_view=claims_view(claims) if claims else None,
        ablation=ablation,
        ablation_headline=ablation_headline(ablation) if ablation else None,
        **(_of_verification(report) if report else {}),
    )


_FILTERS: dict[str, Callable[..., str]] = {
    "mathematical": text.mathematical,
    "decimal": text.decimal,
    "scientific": text.scientific,
    "ratio": text.ratio,
    "rate": text.rate,
    "vector": text.vector,
    "shell": text.shell,
    "verdict_words": verdict_words,
    "evidence_words": evidence_words,
    "pretty_json": lambda data: json.dumps(data, indent=1, ensure_ascii=False),
}


class _Pictures(dict[str, Markup]):
    """Pictures by name, empty where there is none."""

    def __init__(self, pictures: Mapping[str, str]) -> None:
        super().__init__({name: Markup(svg) for name, svg in pictures.items()})

    def __missing__(self, name: str) -> Markup:
        return Markup("")


def _of_verification(report: Report) -> dict[str, Any]:
    extra = [verification_view.NOT_RECHECKED] if verification_view.some_open(report) else []
    return {
        "headline": verification_view.headline(report),
        "status": verification_view.status,
        "verdicts": [*(v.value for v in Verdict), *extra],
        "regimes": verification_view.regimes(report["random"]),
        "reach": verification_view.reach(report["random"]),
        "findings": unproved(report),
        "closest": verification_view.closest(report["random"]),
    }


def _parts(sources: Sources) -> list[dict[str, str]]:
    known = (
        ("verification", "verification"),
        ("claims", "claims as properties"),
        ("ablation", "assumptions dropped"),
        ("sweep", "sweep in batches"),
        ("network", "a network’s minimum"),
        ("training", "optimizers"),
    )
    return [{"anchor": name, "title": title} for name, title in known if getattr(sources, name)]


def _cautions(sources: Sources) -> list[Caution]:
    found: list[Caution] = []
    if sources.verification:
        found += verification_view.cautions(sources.verification)
    if sources.claims:
        found += claims_cautions(sources.claims, claims_view(sources.claims))
    if sources.ablation:
        found += ablation_cautions(sources.ablation)
    if sweep := sources.sweep:
        numbers = (
            (
                "Swept problems refuted",
                sweep["verdicts"]["refuted"],
                "the assumptions hold and another limit is proved",
            ),
            ("Swept problems unresolved", sweep["verdicts"]["unresolved"], "neither float64 nor Arb decided"),
            ("Second opinions that differ", len(sweep["disagreements"]), "float64 against Arb and the checker"),
            ("Swept problems missing", sweep["problems"] - sweep["decided"], "the sweep was not finished"),
        )
        found += [Caution(label, count, meaning, count > 0) for label, count, meaning in numbers]
    for run, what in ((sources.network, "network"), (sources.training, "optimizers")):
        if run is not None and run["data"]["synthetic"]:
            found.append(Caution("Synthetic data", 1, f"the images of the {what} are made up, not photographs", True))
    return found


def _facts(sources: Sources) -> Sequence[tuple[str, object]]:
    facts: dict[tuple[str, object], None] = {}
    for run in (sources.verification, sources.claims, sources.ablation):
        if run:
            details: Mapping[str, Any] = run
            facts[("seed", details["seed"])] = None
            versions = details["versions"] if "versions" in details else details["run"]["versions"]
            facts |= dict.fromkeys(versions.items())
    if sources.sweep:
        facts[("seed of the sweep", sources.sweep["seed"])] = None
    for measured in (sources.network, sources.training):
        if measured:
            facts |= dict.fromkeys((name, value) for name, value in measured["surroundings"].items())
    return list(facts)


def _again(sources: Sources) -> list[dict[str, str]]:
    lines = []
    if run := sources.verification:
        command = f"gdcheck verify --problems {run['problems']} --seed {run['seed']}"
        after = "All numbers: report.json beside this page."
        lines.append({"before": "The same run again:", "command": command, "after": after})
    if claims := sources.claims:
        count = "" if claims["examples"] is None else f" --examples {claims['examples']}"
        command = f"tox -e claims --{count} --hypothesis-seed={claims['seed']}"
        lines.append({"before": "The claims again, in a copy of the repository:", "command": command, "after": ""})
    if ablation := sources.ablation:
        command = f"gdcheck ablate --budget {ablation['budget']} --seed {ablation['seed']}"
        lines.append({"before": "The ablations again:", "command": command, "after": ""})
    if sweep := sources.sweep:
        command = f"gdcheck sweep --problems {sweep['problems']} --seed {sweep['seed']}"
        lines.append({"before": "The sweep again, with the same spec:", "command": command, "after": ""})
    return lines
