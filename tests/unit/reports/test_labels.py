"""Labels keep apart, and the phase plane has equal scales, for whatever is drawn."""

import re
from itertools import pairwise

import altair as alt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdcheck.reports.charts import WIDTH, axis, panel, picture, rule, stacked
from gdcheck.reports.labels import beside, heading, spread
from gdcheck.reports.text import function, mathematical, point
from gdcheck.reports.trajectory_panels import frame
from gdcheck.theorem.methods.words import method_words

places = st.lists(st.floats(-5, 5), min_size=1, max_size=8)
coordinates = st.floats(-1e3, 1e3).filter(lambda x: x == 0 or abs(x) > 1e-3)


@given(places, st.floats(0.01, 1))
def test_labels_keep_their_distance_their_order_and_the_bounds(wanted, least):
    placed = spread(wanted, least, -6.0, 6.0)
    order = sorted(range(len(wanted)), key=lambda i: (wanted[i], i))
    assert all(placed[b] - placed[a] >= least - 1e-9 for a, b in pairwise(order))
    assert all(-6 - 1e-9 <= x <= 6 + 1e-9 for x in placed)


@given(places)
def test_labels_that_are_apart_stay_where_they_are(wanted):
    apart = [3.0 * i + x / 5 for i, x in enumerate(wanted)]
    assert spread(apart, 1.0, -100.0, 100.0) == pytest.approx(apart)


def test_two_labels_at_one_place_move_as_far_to_either_side():
    assert spread([1.0, 1.0], 0.5, -2.0, 2.0) == pytest.approx([0.75, 1.25])


@given(st.lists(st.tuples(coordinates, coordinates), min_size=1, max_size=6))
def test_the_plane_has_equal_scales_and_holds_its_points(points):
    ((left, right), (bottom, top)), height = frame(points)
    assert (right - left) / WIDTH == pytest.approx((top - bottom) / height)
    assert all(left <= x <= right and bottom <= y <= top for x, y in points)


def test_a_label_stands_where_the_path_is_not():
    # The path leaves to the upper right: the label goes elsewhere, and the next one not over it.
    first = beside((300, 200), "start", [[(300, 200), (400, 100)]], [], (620, 400))["rectangle"]
    assert not (first[0] <= 320 <= first[1] and first[2] <= 180 <= first[3])
    second = beside((300, 200), "minimizer", [[(300, 200), (400, 100)]], [first], (620, 400))["rectangle"]
    assert second[0] >= first[1] or first[0] >= second[1] or second[2] >= first[3] or first[2] >= second[3]


def test_a_long_loss_is_broken_and_cut():
    title = heading("x " * 500).to_dict()
    assert len(title["text"]) == 4 and title["text"][-1].endswith("…") and max(map(len, title["text"])) <= 80


def test_notes_are_told_as_sentences_however_their_lines_are_broken():
    x = axis(alt.X, "x", [0, 1])
    notes = (f"{'every word ' * 12}counts", "η = 1/2, from (1, 1)", "a third one")
    chart = stacked(panel([rule(x, 0.5, "ink")], "a panel", 50), title=heading("f(x) = x²", *notes))
    told = re.search('aria-description="([^"]*)"', picture(chart, "a picture"))[1]
    assert told.startswith(f"f(x) = x². Every{notes[0][5:]}. η = 1/2, from (1, 1). A third one. a panel. ")


def test_formulas_are_written_as_people_do():
    assert mathematical("-1/2*x1**2 - y**10") == "−½\u2009x₁² − y¹⁰"
    assert function("x**2", ["x", "y"]) == "f(x, y) = x²"
    assert function("x1", [f"x{k}" for k in range(1, 9)]).startswith("f(x₁, x₂, …, x₈) = ")
    assert point(["-1/2", "1/3"]) == "(−0.5, 1/3)"
    assert point(range(9)) == "(0, 1, 2, 3, 4, …)"
    assert method_words(None) == "gradient descent"
    assert method_words({"name": "heavy-ball", "momentum": "9/10"}) == "heavy ball, β = 9/10"
