"""What is seen of every kind of page and picture: readable in light and dark, nothing cut, no label over another."""

from pathlib import Path

import pytest

SCHEMES = ("light", "dark")
MEASURES = (Path(__file__).parent / "looks.js").read_text(encoding="utf-8")


def measured(page, what):
    return page.evaluate(f"() => {{ {MEASURES}\nreturn {what}(); }}")


def shown(browser, scheme, width, url=None, content=None):
    page = browser.new_page(color_scheme=scheme, viewport={"width": width, "height": 900}, offline=True)
    if url:
        page.goto(url)
    else:
        page.set_content(content)
    return page


def sheet(pictures):
    """All pictures on one page, with the colours of a report's."""
    style = "body{background:#fdfdfc;width:1400px}@media (prefers-color-scheme:dark){body{background:#16191d}}"
    figures = "".join(f"<figure>{svg}</figure>" for svg in pictures.values())
    return f"<!doctype html><html lang=en><meta name=color-scheme content='light dark'><style>{style}</style>{figures}"


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_text_of_a_page_has_the_contrast_that_reading_needs(browser, pages, scheme):
    for name, file in pages.items():
        page = shown(browser, scheme, 1000, file.as_uri())
        found = measured(page, "contrasts")
        assert len(found) > 30, name
        assert [text for text in found if text[1] < (3 if text[2] >= 24 else 4.5)] == [], name
        assert measured(page, "collisions") == [], name
        page.close()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_text_of_a_picture_has_it_too(browser, pictures, scheme):
    # On a map every text has an edge of its own.
    plain = {name: svg for name, svg in pictures.items() if "map" not in name}
    page = shown(browser, scheme, 1400, content=sheet(plain))
    found = measured(page, "contrasts")
    assert len(found) > 300
    assert [text for text in found if text[1] < 4.5] == []
    page.close()


def test_no_label_of_a_picture_is_cut_or_covers_another(browser, pictures):
    page = shown(browser, "light", 1400, content=sheet(pictures))
    assert measured(page, "collisions") == []
    page.close()


@pytest.mark.parametrize("width", [400, 800])
def test_no_page_scrolls_sideways_on_a_narrow_screen_and_no_label_collides_there(browser, pages, width):
    for name, file in pages.items():
        page = shown(browser, "light", width, file.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert measured(page, "collisions") == [], name
        page.close()
