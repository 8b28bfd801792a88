"""The map: every certified point is what exact arithmetic says, the rest is marked as observed."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from flint import fmpq
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gdcheck.cli import run
from gdcheck.properties.basins.plane import IN_THE_LEGEND, draw_plane
from gdcheck.properties.basins.simulation import BasinLabel
from gdcheck.properties.basins.window import basin_width
from gdcheck.reports.figures import rendered
from gdcheck.reports.plane_picture import plane_picture, plane_scale
from gdcheck.theorem.decision.decide import Verdict, decide
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.methods.statement import LimitKind

WORKED = Problem("x**2 + y**2/2 + x**2*y + x**3", step_size="61/64", start=["0.1", "0.1"])
QUADRATIC = Problem("x**2/2 + 2*y**2", step_size="1/8", start=["1/8", "1/4"])


def exactly(x: float) -> fmpq:
    return fmpq(*float(x).as_integer_ratio())


def point(plane, row: int, column: int) -> tuple[float, float]:
    """The coordinates of a point's middle."""
    left, right, bottom, top = plane.extent
    size = plane.labels.shape[0]
    across = ((column + 0.5) / size * 2 - 1) * (right - left) / 2
    up = -((row + 0.5) / size * 2 - 1) * (top - bottom) / 2
    return across, up


@pytest.mark.parametrize("minimizer", [["0", "0"], ["1/2", "-3/4"]])
def test_certified_starts_are_what_arb_says(minimizer):
    shift = {"x": f"(x - {minimizer[0]})", "y": f"(y - {minimizer[1]})"}
    text = "".join(shift.get(c, c) for c in "x**2 + y**2/2 + x**2*y + x**3").replace("- -", "+ ")
    problem = Problem(text, step_size="61/64", start=["0.1", "0.1"], minimizer=minimizer, variables=["x", "y"])
    plane = draw_plane(problem, size=24, half_width=fmpq(1, 2))
    rows, columns = np.nonzero(plane.certified)
    assert rows.size > 100
    for row, column in list(zip(rows.tolist(), columns.tolist(), strict=True))[::5]:
        start = [exactly(x) + m for x, m in zip(point(plane, row, column), problem.minimizer, strict=True)]
        decision = decide(
            Problem(problem.loss, minimizer=problem.minimizer, step_size=problem.step_size, start=tuple(start))
        )
        assert decision.verdict is Verdict.PROVED and decision.limit.kind is LimitKind.ALTERNATING
        # η is in the large-step regime and λₙ belongs to x.
        plus = decision.limit.vectors[0][0] > 0
        assert plane.labels[row, column] == (BasinLabel.ALTERNATING_PLUS if plus else BasinLabel.ALTERNATING_MINUS)


def test_certified_step_sizes_are_what_arb_says():
    plane = draw_plane(WORKED, "step", 16, fmpq(1, 8))
    # The direction to the start is rounded: rebuild the very points.
    direction = np.array([0.1, 0.1]) / np.hypot(0.1, 0.1)
    rows, columns = np.nonzero(plane.certified)
    assert {int(f) for f in plane.labels[plane.certified]} == {0, 1, 2, 3}
    for row, column in list(zip(rows.tolist(), columns.tolist(), strict=True))[::5]:
        across, up = point(plane, row, column)
        eta = (across / (plane.extent[1] / 2) + 1) / 2 * plane.extent[1]
        problem = Problem(
            WORKED.loss,
            minimizer=WORKED.minimizer,
            step_size=exactly(eta),
            start=tuple(exactly(x) for x in direction * up),
        )
        limit = decide(problem).limit
        alternating = limit.kind is LimitKind.ALTERNATING
        component = limit.vectors[0][0 if alternating else 1]
        assert plane.labels[row, column] == 2 * alternating + (component < 0)


def test_zero_line_of_a_quadratic_is_the_axis():
    plane = draw_plane(QUADRATIC, size=20, half_width=fmpq(1))
    assert plane.certified.all()
    assert (plane.labels[:, :10] == BasinLabel.FIXED_MINUS).all() and (
        plane.labels[:, 10:] == BasinLabel.FIXED_PLUS
    ).all()
    assert plane.zero_line[:, 9].all() and plane.zero_line.sum() == 20


def test_start_on_the_zero_line_is_exceptional():
    plane = draw_plane(QUADRATIC, size=21, half_width=fmpq(1))
    assert (plane.labels[:, 10] == BasinLabel.EXCEPTIONAL).all() and not plane.certified[:, 10].any()


def test_basin_ends_where_starts_escape():
    plane = draw_plane(WORKED, size=40)
    assert {BasinLabel.ESCAPES, BasinLabel.ALTERNATING_PLUS, BasinLabel.ALTERNATING_MINUS} <= set(
        plane.labels.ravel().tolist()
    )
    assert not plane.certified[plane.labels >= BasinLabel.ESCAPES].any()


ROTATED = [
    ("x**2 + x*y + y**2 + x**3", "0.3"),
    ("x**2 + x*y + 5/3*y**2 + x**3/7 + x*y**2", "0.41"),
    ("x**2 + y**2/2 + x**2*y + x**3", "0.95"),
    ("x**2 + 7/5*x*y + 3*y**2 + x**2*y + y**4", "1/7"),
]


@pytest.mark.parametrize(("loss", "eta"), ROTATED)
def test_certified_starts_of_rotated_losses_are_what_arb_says(loss, eta):
    """Eigenvectors and numbers that float64 cannot hold: the very loss, step size and points are certified."""
    problem = Problem(loss, step_size=eta, start=["0.1", "0.2"])
    plane = draw_plane(problem, size=16, half_width=fmpq(1, 8))
    rows, columns = np.nonzero(plane.certified)
    assert rows.size > 200 and "observed only" not in plane.notes[0]
    for row, column in list(zip(rows.tolist(), columns.tolist(), strict=True))[::4]:
        start = tuple(exactly(x) for x in point(plane, row, column))
        decision = decide(Problem(problem.loss, minimizer=problem.minimizer, step_size=problem.step_size, start=start))
        alternating = decision.limit.kind is LimitKind.ALTERNATING
        lead = np.dot([float(x) for x in decision.limit.vectors[0]], plane.directions[alternating])
        assert decision.verdict is Verdict.PROVED
        assert abs(abs(lead) - 1) < 1e-12 and plane.labels[row, column] == 2 * alternating + (lead < 0)


def test_rounding_of_the_direction_leaves_nothing_certain_below_it():
    """On the plane of step sizes a start is a rounded s·d/‖d‖; its small component is not to be relied on."""
    for small, expected in (("1/1" + "0" * 17, 0.0), ("1/100", 0.5)):
        problem = Problem("x**2/2 + y**2", step_size="1/4", start=[small, "1"])
        plane = draw_plane(problem, "step", 20, fmpq(1))
        fixed = plane.certified & (plane.labels < BasinLabel.ALTERNATING_PLUS)
        assert expected <= fixed.mean() <= 2 * expected
        assert draw_plane(problem, size=20, half_width=fmpq(1)).certified.all()


SCALES = [
    ("x**2 + y**2/2 + 1000000000*x**3", -10, -8),
    ("x**2 + y**2/2 + x**3/1000000000", 8, 10),
    ("x**2 + x*y + y**2 + x**3/1" + "0" * 15, 14, 16),
    ("x**2 + y**2/2 + x**2*y + x**3", -1, 1),
]


@pytest.mark.parametrize(("loss", "least", "most"), SCALES)
def test_window_finds_the_end_of_the_basin_at_any_scale(loss, least, most):
    plane = draw_plane(Problem(loss, step_size="3/10", start=["1", "1"]), size=20)
    assert 10.0**least < plane.extent[1] < 10.0**most
    assert plane.notes[1].startswith("exceptional starts, proved: within"), plane.notes
    assert 0.15 < (plane.labels == BasinLabel.ESCAPES).mean() < 0.65
    assert (plane.certified | (plane.labels >= BasinLabel.ESCAPES)).mean() > 0.95


@given(st.floats(-20, 20), st.integers(-18, 18))
def test_search_for_the_window_ends_at_the_basin(place, first):
    edge = 2.0**place
    assert edge <= basin_width(2.0**first, lambda width: float(width >= edge)) <= 1.01 * edge
    assert 1.24 * edge <= basin_width(2.0**first, lambda width: max(0.0, 1 - edge / width)) <= 2.51 * edge


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_search_for_the_window_gives_up(share):
    assert basin_width(1.0, lambda _: share) is None


def test_window_of_a_quadratic_says_that_there_is_no_end():
    plane = draw_plane(QUADRATIC, size=4)
    assert plane.extent[1] == 1 and "no end of the basin" in plane.notes[1]
    (note,) = draw_plane(QUADRATIC, size=4, half_width=fmpq(1)).notes[1:]
    assert note.startswith("exceptional starts, proved: the plane through the minimizer")


TINY = "1/1" + "0" * 330
REASONS = [
    ("x**2 + y**2/2 + x**3", "2/3", {}, "the step size is not 2/(λ₁+λₙ)"),
    ("x**2 + y**2/2 + x**3", "5", {}, "the step size is below 2/λₙ"),
    ("x**2/2 + 11/20*y**2 + x**3/10", "10/11", {}, "takes no set of positive measure into a null set"),
    ("x**2/2 + 11/20*y**2 + x**3/10 + x**2*y", "10/11", {}, "1/λᵢ"),
    ("x**2 + y**2 + x**3", "1/3", {}, "smallest and the largest Hessian eigenvalue differ"),
    ("x**2 + y**2 + x**3", "1/3", {"kind": "step"}, "smallest and the largest Hessian eigenvalue differ"),
    ("x**2 + y**2 + x*y/1000000", "1/3", {}, "eigenvectors are too uncertain"),
    ("x**2 + y**2 + x*y/1000000", "5", {"kind": "step"}, "eigenvectors are too uncertain"),
    (f"x**2 + y**2/2 + {TINY}*x**3", "1/3", {}, "too small for float64"),
    ("x**2 + y**2/2", TINY, {}, "too small for float64"),
]


@pytest.mark.parametrize(("loss", "eta", "options", "words"), REASONS)
def test_a_plane_without_a_certified_point_says_why(loss, eta, options, words):
    plane = draw_plane(Problem(loss, step_size=eta, start=["1", "1"]), size=6, half_width=fmpq(1, 16), **options)
    assert not plane.certified.any()
    assert words in plane.notes[0] and plane.notes[0].startswith("observed only: ")
    assert ("the theorem does not apply" in plane.notes[0]) == ("too" not in words and "1/" not in words)


def test_an_unstable_step_size_of_the_problem_says_nothing_about_the_plane_of_step_sizes():
    plane = draw_plane(Problem(WORKED.loss, step_size="3", start=["0.1", "0.1"]), "step", 8)
    assert plane.certified.any() and plane.notes[0] == IN_THE_LEGEND


def test_eigenvectors_that_float64_cannot_tell_leave_the_plane_observed():
    problem = Problem("x**2 + y**2 + x*y/1000000 + x**3", step_size="0.3", start=["0.1", "0.2"])
    plane = draw_plane(problem, size=8, half_width=fmpq(1, 64))
    assert not plane.certified.any() and "observed only" in plane.notes[0]
    assert (plane.labels < BasinLabel.ESCAPES).any()


@pytest.mark.parametrize(
    ("problem", "options", "match"),
    [
        (Problem("x**2 + y**2 + z**2/3", step_size="0.1", start=["1", "1", "1"]), {}, "variables"),
        (Problem("x**2 + y**2/2 + max(x, 0)**4", step_size="0.1", start=["1", "1"]), {}, "polynomial"),
        (Problem("x**2 - y**2/2", step_size="0.1", start=["1", "1"]), {}, "strict minimum"),
        (WORKED, {"size": 1}, "size"),
        (WORKED, {"kind": "sky"}, "plane"),
        (WORKED, {"half_width": fmpq(-1)}, "half-width"),
        (Problem(WORKED.loss, step_size="0.1", start=["0", "0"]), {"kind": "step"}, "start"),
    ],
)
def test_bad_input(problem, options, match):
    with pytest.raises(InputError, match=match):
        draw_plane(problem, **options)


def test_command_draws_a_picture(tmp_path, capsys):
    file, out = tmp_path / "problem.json", tmp_path / "map.png"
    file.write_text(json.dumps(WORKED.to_json()))
    assert run(["map", str(file), "--out", str(out), "--size", "50"]) == 0
    printed = capsys.readouterr().out
    assert "of 2,500 points certified" in printed and IN_THE_LEGEND in printed
    with Image.open(out) as picture:
        assert picture.format == "PNG" and min(picture.size) > 700
    assert (
        run(
            [
                "map",
                "--loss",
                WORKED.loss.text(),
                "--step-size",
                "0.95",
                "--out",
                str(tmp_path / "map.svg"),
                "--size",
                "20",
            ]
        )
        == 0
    )
    svg = (tmp_path / "map.svg").read_text(encoding="utf-8")
    assert svg.startswith("<svg") and "data:image/png" in svg and "minimizer" in svg
    assert run(["map", str(file), "--loss", "x**2+y**2/2", "--out", str(out), "--size", "4"]) == 2
    assert run(["map", "--loss", "x**2+y**2/2", "--step-size", "0.1", "--plane", "step", "--out", str(out)]) == 2
    assert "start: is missing" in capsys.readouterr().err
    assert run(["map", str(file), "--out", str(tmp_path / "map.gif"), "--size", "4"]) == 2
    assert run(["map", str(file), "--out", str(tmp_path / "none" / "map.png"), "--size", "4"]) == 2
    assert run(["map", str(tmp_path / "none.json"), "--out", str(out)]) == 2


def test_picture_has_the_colours_of_the_labels():
    plane = draw_plane(QUADRATIC, size=20, half_width=fmpq(1))
    drawn = rendered(plane_picture(plane, "a title"), "png", "a title", plane_scale(plane))
    picture = Image.open(io.BytesIO(drawn))
    counts = {colour[:3]: count for count, colour in picture.convert("RGB").getcolors(1 << 24)}
    frame = 1000**2
    # Half a side each, but for the zero line, which is one point of twenty wide; the legend is far smaller.
    assert counts[0x26, 0x49, 0x9C] > 0.45 * frame and counts[0x0D, 0xA5, 0x83] > 0.4 * frame
    assert counts[0x10, 0x14, 0x18] > 0.04 * frame
    assert (0xC8, 0x57, 0x1B) not in counts


def test_unstable_step_size_lets_all_escape():
    plane = draw_plane(Problem(QUADRATIC.loss, step_size="3", start=["1", "1"]), size=8, half_width=fmpq(1))
    assert (plane.labels == BasinLabel.ESCAPES).all() and not plane.certified.any()
