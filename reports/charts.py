"""What all charts share: colours that follow the reader's background, the look, and the marks they are made of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from io import StringIO
from typing import Any, Literal, TypeAlias, TypeVar
from xml.etree import ElementTree

import altair as alt

Panel: TypeAlias = alt.LayerChart | alt.FacetChart
Axes: TypeAlias = tuple[alt.X, alt.Y]
_Channel = TypeVar("_Channel", alt.X, alt.Y)

WIDTH = 620
"""The width of a panel where nothing else is said."""

GOES_ON = "\u200b"
"""A character without width that ends a line of a note which continues in the next line."""

_SVG = "http://www.w3.org/2000/svg"
# Each stand-in colour, and the colours that stand for it on light and on dark backgrounds. Charts are drawn in stand-in
# colours, which `picture` turns into classes of a style sheet with the other two. Red-blind and green-blind readers can
# tell any two apart too, and all but the grid have enough contrast for text.
_COLOURS = {
    "ink": ("#010101", "#333a42", "#d5d9de"),
    "faint": ("#020202", "#68717b", "#8d96a2"),
    "grid": ("#030303", "#e4e6e9", "#33383e"),
    "fixed": ("#040404", "#2a6bc0", "#5f98e6"),
    "alternating": ("#050505", "#c04a0c", "#fbbd55"),
    "two-cycle": ("#060606", "#351a95", "#cabfff"),
    "open": ("#070707", "#8a0b1c", "#e8715f"),
}
# Vega's classes for the texts that say what a picture shows.
_TELLING = ("role-title-text", "role-title-subtitle", "role-axis-title", "role-legend-title", "role-legend-label")
STAND_IN = {name: colours[0] for name, colours in _COLOURS.items()}
"""The stand-in colours by name."""
LIGHT = {name: colours[1] for name, colours in _COLOURS.items()}
"""The colours on paper by name."""


def picture(chart: alt.TopLevelMixin, name: str) -> str:
    """Draw a chart as a self-contained, transparent SVG whose colours suit light and dark backgrounds.

    Args:
        chart: The chart, in the stand-in colours.
        name: What the picture shows, for readers who do not see it.

    Returns:
        The SVG.
    """
    return _with_style_sheet(as_svg(chart), name)


def as_svg(chart: alt.TopLevelMixin) -> str:
    """Draw a chart as an SVG that is still in the stand-in colours."""
    stream = StringIO()
    chart.save(stream, format="svg")
    return stream.getvalue()


def in_print_colours(text: str) -> str:
    """Replace the stand-in colours in the text of a chart, whatever its format, by those for a white background."""
    for colour, stand_in in STAND_IN.items():
        text = text.replace(stand_in, LIGHT[colour])
    return text


def stacked(*panels: Panel, spacing: int = 36, title: alt.TitleParams | None = None) -> alt.VConcatChart:
    """Put panels below each other, in the look that all charts share, under a common title if one is given."""
    above: dict[str, Any] = {} if title is None else {"title": title}
    chart: alt.VConcatChart = alt.vconcat(*panels, spacing=spacing, **above).configure(**config())
    return chart


def config() -> dict[str, Any]:
    """Return the look that all charts share, in the stand-in colours."""
    ink, faint, grid = STAND_IN["ink"], STAND_IN["faint"], STAND_IN["grid"]
    return {
        "background": "transparent",
        # Labels at the right end may be wider in the reader's font than in the one that measured them.
        "padding": {"left": 6, "right": 26, "top": 6, "bottom": 6},
        "font": "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif",
        "view": {"stroke": None},
        "title": {"color": ink, "fontSize": 14, "fontWeight": 600, "anchor": "start", "frame": "group", "offset": 14},
        "axis": {
            "labelColor": faint,
            "titleColor": faint,
            "gridColor": grid,
            "domainColor": grid,
            "tickColor": grid,
            "labelFontSize": 12,
            "labelSeparation": 8,
            "labelFlush": False,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "titlePadding": 10,
        },
    }


def drawn(kind: str, values: Sequence[dict[str, Any]], **mark: Any) -> alt.Chart:
    """Draw data by marks of one kind.

    Args:
        kind: The kind: line, point, rule, text and so on.
        values: The data.
        **mark: How the marks look.

    Returns:
        A chart without encodings.
    """
    chart: alt.Chart = getattr(alt.Chart(alt.InlineData(values=list(values))), f"mark_{kind}")(**mark)
    return chart


def axis(
    channel: type[_Channel], title: str, ends: Sequence[float] | None = None, *, field: str = "", **look: Any
) -> _Channel:
    """Return an axis for a quantity.

    Args:
        channel: ``alt.X`` or ``alt.Y``.
        title: The axis title.
        ends: Its exact ends; chosen by the data if not given.
        field: The column of the data; ``x`` or ``y``, as the channel, if not given.
        **look: How ticks, labels and grid look.

    Returns:
        The channel.
    """
    more: dict[str, Any] = {"axis": alt.Axis(**look)} if look else {}
    if ends is not None:
        more["scale"] = alt.Scale(domain=list(ends), nice=False)
    return channel(f"{field or channel.__name__.lower()}:Q", title=title, **more)


def panel(
    layers: Sequence[alt.Chart], title: str | list[str] | alt.TitleParams, height: float, width: float = WIDTH
) -> Panel:
    """Lay marks over each other, under a title.

    Args:
        layers: The marks, the lowest first.
        title: The title, or its lines.
        height: The height of the panel without title and axes.
        width: Its width.

    Returns:
        The panel.
    """
    done: Panel = alt.layer(*layers).properties(width=width, height=height, title=title)
    return done


def rule(where: alt.X | alt.Y, at: float, colour: str, **mark: Any) -> alt.Chart:
    """Draw a line across a panel.

    Args:
        where: The axis that the line is perpendicular to.
        at: The value on that axis.
        colour: A name in ``STAND_IN``.
        **mark: How the line looks, where it is not a plain one.

    Returns:
        The layer.
    """
    field = str(where.shorthand).partition(":")[0]
    line = drawn("rule", [{field: at}], color=STAND_IN[colour], **mark)
    chart: alt.Chart = line.encode(x=where) if isinstance(where, alt.X) else line.encode(y=where)
    return chart


def powers(title: str, field: str = "y") -> alt.Y:
    """Return a logarithmic axis whose labels are powers of ten with superscripts: 10⁻³.

    Args:
        title: The axis title.
        field: The column of the data.
    """
    raised = "format(log(datum.value) / LN10, '.0f')"
    for plain, high in zip("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹", strict=True):
        raised = f"replace({raised}, regexp('{plain}', 'g'), '{high}')"
    whole = "abs(log(datum.value) / LN10 - round(log(datum.value) / LN10)) < 1e-9"
    look = alt.Axis(tickCount=5, labelExpr=f"{whole} ? '10' + {raised} : format(datum.value, '.1~e')")
    return alt.Y(f"{field}:Q", title=title, scale=alt.Scale(type="log"), axis=look)


def number(text: str) -> float:
    """Read an exact number as a float."""
    return float(Fraction(text))


def text(x: float, y: float, said: str, colour: str, axes: Axes, **mark: Any) -> alt.Chart:
    """Write a text beside a point, by default to its right.

    Args:
        x: The position on the first axis.
        y: The position on the second axis.
        said: The text.
        colour: A name in ``STAND_IN``.
        axes: The axes.
        **mark: How the text looks, where that is not the common look.

    Returns:
        The layer.
    """
    style = {"fontSize": 12.5, "color": STAND_IN[colour], "align": "left", "baseline": "middle", **mark}
    words = drawn("text", [{"x": x, "y": y, "text": said}], **style)
    chart: alt.Chart = words.encode(x=axes[0], y=axes[1], text="text:N")
    return chart


def legend(orient: Literal["top", "bottom"] = "top") -> alt.Legend:
    """Return a legend in a row above the marks, or below them."""
    return alt.Legend(title=None, orient=orient, labelColor=STAND_IN["faint"], labelFontSize=12, columnPadding=24)


def _with_style_sheet(svg: str, name: str) -> str:
    """Replace the stand-in colours by classes, and add their style sheet, a role and a name."""
    ElementTree.register_namespace("", _SVG)
    root = ElementTree.fromstring(svg)
    classes = {colour: class_ for class_, colour in STAND_IN.items()}
    for element in root.iter():
        for attribute in ("fill", "stroke"):
            class_ = classes.get(element.get(attribute, "").lower())
            if class_ is not None:
                del element.attrib[attribute]
                element.set("class", f"{element.get('class', '')} gd-{attribute}-{class_}".strip())
    root.set("role", "img")
    root.set("aria-label", name)
    root.set("aria-description", _described(root))
    style = ElementTree.Element(f"{{{_SVG}}}style")
    style.text = _style_sheet()
    root.insert(0, style)
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def _described(root: ElementTree.Element) -> str:
    """Return the texts of a picture in the order of reading; Vega draws the title of all panels last."""
    found: dict[str, list[list[str]]] = {role: [] for role in _TELLING}
    for group in root.iter(f"{{{_SVG}}}g"):
        for role in filter(group.get("class", "").__contains__, _TELLING):
            found[role] += ([line for line in t.itertext() if line] for t in group.iter(f"{{{_SVG}}}text"))
    subtitles = found.pop("role-title-subtitle")
    titles, *others = ([" ".join(lines) for lines in texts] for texts in found.values())
    words = [*titles[-1:], *_notes(subtitles), *titles[:-1], *(word for role in others for word in role)]
    return ". ".join(dict.fromkeys(filter(None, words)))


def _notes(subtitles: Sequence[Sequence[str]]) -> list[str]:
    """Return the notes above a picture as sentences, the lines of each joined."""
    notes = [""]
    for line in (line for lines in subtitles for line in lines):
        notes[-1] += line.replace(GOES_ON, " ")
        if not line.endswith(GOES_ON):
            notes.append("")
    return [note[0].upper() + note[1:] if re.match(r"(a|[a-z]{2,})\b", note) else note for note in notes]


def _style_sheet() -> str:
    def rules(index: int) -> str:
        return "".join(
            f".gd-{attribute}-{name}{{{attribute}:{colours[index]}}}"
            for name, colours in _COLOURS.items()
            for attribute in ("fill", "stroke")
        )

    # Paper is light, whatever the screen is.
    return f"{rules(1)}@media screen and (prefers-color-scheme:dark){{{rules(2)}}}"
