"""The picture of a run of the claims: how the problems of each ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gdcheck.reports.charts import STAND_IN, as_svg, config, with_style_sheet

if TYPE_CHECKING:
    import altair as alt

    from gdcheck.reports.claims_view import ClaimRow


NAME = "How the problems of each claim ended"


def claims_picture(rows: Sequence[ClaimRow]) -> str:
    """How the problems of each claim ended, as an SVG.

    Args:
        rows: The claims of a run.

    Returns:
        A self-contained SVG with a transparent background.
    """
    return with_style_sheet(as_svg(claims_chart(rows)), NAME)


def claims_chart(rows: Sequence[ClaimRow]) -> alt.Chart:
    """How the problems of each claim ended, as shares, in the stand-in colours.

    Args:
        rows: The claims of a run.

    Returns:
        The chart.
    """
    import altair as alt  # noqa: PLC0415

    words = {"proved": "fixed", "exceptional": "two-cycle", "not-applicable": "faint", "unresolved": "alternating"}
    colours = {verdict: STAND_IN[name] for verdict, name in (words | {"refuted": "open"}).items()}
    values = [
        {"claim": row.name, "verdict": verdict, "share": row.verdicts[verdict] / row.problems, "order": order}
        for row in rows
        for order, verdict in enumerate(colours)
    ]
    bars = alt.Chart(alt.InlineData(values=values)).mark_bar(height=11, aria=False)
    chart = bars.encode(
        x=alt.X("share:Q", title="share of its problems", axis=alt.Axis(format="%", grid=True, tickCount=5)),
        y=alt.Y("claim:N", title=None, sort=None, axis=alt.Axis(ticks=False, domain=False, minExtent=96)),
        color=alt.Color(
            "verdict:N",
            scale=alt.Scale(domain=list(colours), range=list(colours.values())),
            legend=alt.Legend(
                title=None, orient="top", labelColor=STAND_IN["faint"], labelFontSize=12, columnPadding=24
            ),
        ),
        order="order:Q",
        tooltip=["claim:N", "verdict:N", alt.Tooltip("share:Q", format=".2%")],
    )
    whole: alt.Chart = chart.properties(width=560, height=alt.Step(20)).configure(**config())
    return whole
