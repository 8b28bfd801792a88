"""What a screen reader is told, by Chromium's accessibility tree: names, descriptions, tables, headings, landmarks."""

from itertools import pairwise

import pytest

KINDS = ("training", "network", "sweep", "ablations", "counterexample", "several")


def tree(page):
    """The nodes that are not ignored, as (role, name, description, properties)."""
    nodes = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    said = lambda node, key: str(node.get(key, {}).get("value", "")).strip()  # noqa: E731
    return [
        (
            said(node, "role"),
            said(node, "name"),
            said(node, "description"),
            {p["name"]: p["value"].get("value") for p in node.get("properties", [])},
        )
        for node in nodes
        if not node["ignored"]
    ]


@pytest.mark.parametrize(("width", "kinds"), [(1000, KINDS), (400, ("training", "network", "sweep"))])
def test_every_page_tells_what_it_shows(browser, pages, width, kinds):
    for name, file in ((kind, pages[kind]) for kind in kinds):
        page = browser.new_page(viewport={"width": width, "height": 900}, offline=True)
        page.goto(file.as_uri())
        nodes = tree(page)
        roles = [role for role, *_ in nodes]
        assert {"banner", "main", "contentinfo"} <= set(roles), name
        assert page.evaluate("document.documentElement.lang") == "en", name
        levels = [properties["level"] for role, _, _, properties in nodes if role == "heading"]
        assert levels[0] == 1 and levels.count(1) == 1, name
        assert all(b <= a + 1 for a, b in pairwise(levels)), (name, levels)
        for role, called, described, _ in nodes:
            if role in {"table", "button", "link", "searchbox", "navigation", "region", "heading", "columnheader"}:
                assert called, (name, role)
            if role in {"image", "img"}:
                assert called and len(described) > 10, (name, called)
        tables = page.locator("table")
        assert roles.count("table") == page.locator("table:visible").count() == tables.count(), name
        assert page.locator("thead th:not([scope=col]), tbody th:not([scope=row])").count() == 0, name
        assert page.locator("table:not(:has(caption))").count() == 0, name
        # A cell that is shown as a line of a card still has its row's head.
        assert roles.count("rowheader") == page.locator("tbody th").count(), name
        page.close()


def test_every_picture_of_its_own_tells_what_it_shows(browser, pictures):
    page = browser.new_page(offline=True)
    page.set_content(f"<!doctype html><html lang=en>{''.join(pictures.values())}")
    told = {called: described for role, called, described, _ in tree(page) if role in {"image", "img"}}
    assert list(told) == [f"a picture of the kind {name}" for name in pictures]
    assert all(len(described) > 10 for described in told.values())
    page.close()
