"""Screenshots and accessibility of all components in each scene of web/tests/gallery. No stack is needed."""

from __future__ import annotations

import itertools
import re
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, BrowserContext, FloatRect, Locator, Page, ViewportSize, expect

from local.paths import WEB
from tests.e2e.browser.demo_page import DESKTOP, PHONE, SCHEMES, SCREENSHOTS, axe_violations, overflow_px, shoot

LYING_PHONE = ViewportSize(width=PHONE["height"], height=PHONE["width"])


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the gallery, and return its address."""
    folder = tmp_path_factory.mktemp("gallery")
    build = ["npx", "vite", "build", "--config", "tests/gallery/vite.config.ts", "--outDir", str(folder)]
    built = subprocess.run(build, cwd=WEB, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def profile(chromium: Browser, gallery: str) -> Iterator[BrowserContext]:
    """A browser profile. Its first tab stays open, so that Chromium keeps its process for the next one.

    It asks for less motion, since the turning icons cost a quarter of a core.
    """
    with chromium.new_context(reduced_motion="reduce") as context:
        context.new_page().goto(f"{gallery}no-scene")  # the server's own page, on which nothing moves
        yield context


@pytest.fixture
def tab(profile: BrowserContext) -> Iterator[Page]:
    with profile.new_page() as tab:
        troubles: list[str] = []
        tab.on("pageerror", lambda error: troubles.append(str(error)))
        yield tab
        assert troubles == []


@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.nightly)])
def test_gallery_scenes_are_accessible(gallery: str, tab: Page, every: int) -> None:
    """Each scene, or every fifth, is checked in light and dark colours, wide and narrow."""
    tab.goto(gallery)
    scenes = tab.get_by_role("navigation").get_by_role("link").all_text_contents()
    assert len(scenes) > 10
    for scene in scenes[::every]:
        tab.goto(f"{gallery}?scene={scene}")
        expect(tab.locator("[data-scene-is-played]")).to_be_attached()
        shoot(tab, f"gallery-{scene}")


def open_scene(tab: Page, gallery: str, scene: str) -> Locator:
    """Open a scene, wait until it is played, and return the panel."""
    tab.goto(f"{gallery}?scene={scene}")
    expect(tab.locator("[data-scene-is-played]")).to_be_attached()
    return tab.locator(".tracking-panel")


def box(element: Locator) -> FloatRect:
    found = element.bounding_box()
    assert found is not None, "the element is not visible"
    return found


def overlap_px(one: FloatRect, other: FloatRect) -> float:
    """Return the width of the part that two boxes share; 0 if they share none."""
    width = min(one["x"] + one["width"], other["x"] + other["width"]) - max(one["x"], other["x"])
    height = min(one["y"] + one["height"], other["y"] + other["height"]) - max(one["y"], other["y"])
    return width if min(width, height) > 0.5 else 0


def test_opened_list_on_a_phone_leaves_the_page_visible(gallery: str, tab: Page) -> None:
    for name, viewport in (("standing", PHONE), ("lying", LYING_PHONE)):
        tab.set_viewport_size(viewport)
        panel = open_scene(tab, gallery, "mixed")
        panel.get_by_role("button", name="Account tracking").click()
        expect(panel.get_by_role("listitem")).to_have_count(5)
        tab.screenshot(path=SCREENSHOTS / f"gallery-opened-{name}.png", animations="disabled")
        assert axe_violations(tab) == []
        assert panel.evaluate("panel => panel.offsetHeight / innerHeight") <= 0.6


def test_eight_jobs_are_in_sight_at_once(gallery: str, tab: Page) -> None:
    panel = open_scene(tab, gallery, "failures")
    rows = panel.get_by_role("listitem")
    assert rows.count() >= 10
    end = box(panel)["y"] + box(panel)["height"]
    in_sight = [row for row in rows.all() if box(row)["y"] + box(row)["height"] <= end]
    assert len(in_sight) >= 8


def test_bar_shows_where_a_job_failed(gallery: str, tab: Page) -> None:
    """A job that failed at 0% has an empty bar, and its bar is filled by a transform, which needs no layout."""
    tab.emulate_media(reduced_motion="no-preference")
    bars = open_scene(tab, gallery, "failures").get_by_role("listitem").get_by_role("progressbar").all()[:8]
    filled = [
        bar.evaluate("bar => bar.firstElementChild.getBoundingClientRect().width / bar.offsetWidth") for bar in bars
    ]
    assert [round(part, 2) for part in filled[:4]] == [0, 0.1, 0.2, 0.3]
    assert bars[0].evaluate("bar => getComputedStyle(bar.firstElementChild).transitionProperty") == "transform"


def test_long_names_do_not_run_over_the_figures(gallery: str, tab: Page) -> None:
    tab.set_viewport_size(PHONE)
    panel = open_scene(tab, gallery, "long")
    panel.get_by_role("button", name="Account tracking").click()
    for row in panel.get_by_role("listitem").all():
        parts = row.locator(".tracking-panel__summary > :not(.tracking-panel__unseen), .tracking-panel__action").all()
        boxes = [box(part) for part in parts if part.bounding_box()]
        assert len(boxes) >= 4
        assert [overlap_px(a, b) for i, a in enumerate(boxes) for b in boxes[i + 1 :]] == [0] * (
            len(boxes) * (len(boxes) - 1) // 2
        )
        assert box(row)["width"] <= PHONE["width"]


def test_percentages_leave_their_room_to_the_words_on_a_phone(gallery: str, tab: Page) -> None:
    panel = open_scene(tab, gallery, "running")
    row = panel.get_by_role("listitem").filter(has_text="Fetching videos")
    expect(row.get_by_text("50%")).to_be_visible()
    tab.set_viewport_size(PHONE)
    panel.get_by_role("button", name="Account tracking").click()
    expect(row.get_by_text("50%")).to_be_hidden()
    expect(row.get_by_role("progressbar")).to_have_attribute("aria-valuetext", "Fetching videos, 50%")
    word = row.locator(".tracking-panel__word")
    assert word.evaluate("word => word.scrollWidth <= word.clientWidth"), "the words are cut"


_HOSTILE = """
  section, header, div { padding: 40px; margin: 30px; background: red; border: 9px solid lime; float: left; }
  button { text-transform: uppercase; height: 90px; border-radius: 50%; background: orange; letter-spacing: 9px; }
  span { display: block; color: yellow; font: italic 40px serif; }
  p, ul, li, dl, dt, dd { margin: 25px; padding: 25px; list-style: square; line-height: 4; }
  svg { width: 300px; fill: red; display: block; }
  * { box-sizing: content-box; margin: 3px; }
  input, select { width: 900px; height: 90px; background: black; }
  body { text-transform: uppercase; letter-spacing: 5px; font: 30px fantasy; line-height: 3; text-align: center; }
"""


def test_page_rules_for_bare_elements_do_not_leak_in(gallery: str, tab: Page) -> None:
    tab.clock.set_fixed_time("2026-11-23T12:00:00")
    for scene in ("failures", "details", "editing", "history"):
        panel = open_scene(tab, gallery, scene)
        tab.add_style_tag(content="main { visibility: hidden }")  # the page shows behind the panel's round corners
        before = panel.screenshot()
        tab.add_style_tag(content=_HOSTILE)
        assert panel.screenshot(path=SCREENSHOTS / f"gallery-hostile-{scene}.png") == before, scene


def test_transformed_ancestor_does_not_move_the_panel(gallery: str, tab: Page) -> None:
    panel = open_scene(tab, gallery, "mixed")
    before = box(panel)
    tab.add_style_tag(content="#root, main { transform: translateX(-500px); overflow: hidden; contain: strict }")
    assert box(panel) == before


def test_text_and_width_grow_with_the_root_font(gallery: str, tab: Page) -> None:
    panel = open_scene(tab, gallery, "running")
    title, before = panel.get_by_text("Account tracking"), box(panel)
    small = box(title)
    tab.add_style_tag(content="html { font-size: 200% }")
    assert box(title)["height"] == 2 * small["height"]
    assert box(panel)["width"] > 1.9 * before["width"]
    assert axe_violations(tab) == []


_THEMES = {
    "html.className = 'dark'": "dark",
    "html.className = 'light'": "light",
    "html.style.colorScheme = 'dark'": "dark",
    "html.style.colorScheme = 'light'": "light",
    "html.dataset.theme = 'dark'": "dark",
    "html.dataset.bsTheme = 'dark'": "dark",
    "html.dataset.bsTheme = 'light'": "light",
    "document.body.className = 'dark'": "dark",
    "document.body.style.colorScheme = 'dark'": "dark",
    "html.style.colorScheme = 'normal'": "system",
}


def test_panel_takes_the_colours_of_the_page(gallery: str, tab: Page) -> None:
    panel = open_scene(tab, gallery, "running")
    for system in SCHEMES:
        tab.emulate_media(color_scheme=system)
        assert colours(tab, panel) == {
            change: system if theme == "system" else theme for change, theme in _THEMES.items()
        }


def colours(tab: Page, panel: Locator) -> dict[str, str]:
    """Return the panel's colours, light or dark, after each of the page's changes."""
    seen = {}
    for change in _THEMES:
        tab.evaluate(
            """change => {
              const html = document.documentElement;
              for (const element of [html, document.body]) {
                element.removeAttribute('style');
                element.className = '';
                delete element.dataset.theme;
                delete element.dataset.bsTheme;
              }
              new Function('html', change)(html);
            }""",
            change,
        )
        colour = panel.evaluate("async panel => (await null, getComputedStyle(panel).backgroundColor)")
        seen[change] = {"rgb(255, 255, 255)": "light", "rgb(26, 29, 34)": "dark"}[colour]
    return seen


def test_panel_is_mirrored_from_right_to_left(gallery: str, tab: Page) -> None:
    """The bar fills from the right, each icon stands on the right of its name, and nothing overlaps."""
    panel = open_scene(tab, gallery, "estimated")
    tab.evaluate("document.documentElement.dir = 'rtl'")
    assert box(panel)["x"] < 100
    row = panel.get_by_role("listitem").first
    icon, name = box(row.locator(".tracking-panel__platform")), box(row.locator(".tracking-panel__username"))
    status, word = box(row.locator(".tracking-panel__state > svg")), box(row.locator(".tracking-panel__word"))
    assert icon["x"] >= name["x"] + name["width"]
    assert status["x"] >= word["x"] + word["width"]
    bar = row.get_by_role("progressbar")
    fill = box(bar.locator(".tracking-panel__fill"))
    assert abs(fill["x"] + fill["width"] - box(bar)["x"] - box(bar)["width"]) < 1
    tab.screenshot(path=SCREENSHOTS / "gallery-rtl.png")
    assert axe_violations(tab) == []


def test_two_panels_do_not_cover_each_other(gallery: str, tab: Page) -> None:
    for size, viewport in (("desktop", DESKTOP), ("phone", PHONE)):
        tab.set_viewport_size(viewport)
        panels = open_scene(tab, gallery, "twoPanels")
        expect(panels).to_have_count(2)
        for panel in panels.all():
            if size == "phone":
                panel.locator("[aria-expanded]").first.click()
            assert panel.evaluate("panel => panel.getBoundingClientRect().top >= 0")
        tab.screenshot(path=SCREENSHOTS / f"gallery-two-{size}.png", animations="disabled")
        assert axe_violations(tab) == []
        first, second = (box(panel) for panel in panels.all())
        assert overlap_px(first, second) == 0
        assert min(first["x"], second["x"]) >= 0


# Charts


@pytest.mark.parametrize("scene", ["account", "accountLong", "accountOutliers", "compareFive"])
def test_pages_fit_a_small_phone_with_large_text(gallery: str, tab: Page, scene: str) -> None:
    """At 360 px, and at 720 px with text of 200 %, which has as little room, nothing has to be scrolled sideways."""
    tab.goto(f"{gallery}?scene={scene}")
    expect(tab.locator("[data-scene-is-played]")).to_be_attached()
    for width, text in ((360, "100%"), (720, "200%")):
        tab.set_viewport_size(ViewportSize(width=width, height=800))
        tab.locator("html").evaluate("(page, size) => { page.style.fontSize = size; }", text)
        assert overflow_px(tab) == 0, f"{width} px, {text}"
    title = tab.locator(".acc-page h2").evaluate("title => getComputedStyle(title).fontSize")
    assert float(title.removesuffix("px")) > 30


def test_header_leaves_a_phone_its_room(gallery: str, tab: Page) -> None:
    """The product and all buttons are one row, and the pages another."""
    tab.goto(f"{gallery}?scene=list")
    tab.set_viewport_size(PHONE)
    header = tab.get_by_role("banner")
    expect(header.get_by_role("button")).to_have_count(2)
    rows = {box(one)["y"] for one in header.get_by_role("button").all()}
    assert len(rows) == 1
    assert box(header)["height"] <= 96


def test_stop_tracking_asks_and_gives_the_focus_back(gallery: str, tab: Page) -> None:
    tab.goto(f"{gallery}?scene=account")
    stop = tab.get_by_role("button", name="Stop tracking…")
    stop.focus()
    tab.keyboard.press("Enter")
    dialog = tab.get_by_role("dialog", name="Stop tracking @orbital?")
    expect(dialog.get_by_role("button", name="Keep it")).to_be_focused()
    tab.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(stop).to_be_focused()


def test_range_and_posts_are_chosen_by_keys(gallery: str, tab: Page) -> None:
    tab.goto(f"{gallery}?scene=account")
    tab.get_by_role("radio", name="90 days").focus()
    tab.keyboard.press("ArrowRight")
    expect(tab.get_by_role("radio", name="1 year")).to_be_checked()
    expect(tab.get_by_text(re.compile(r"in 365 days"))).to_have_count(2)
    tab.get_by_role("radio", name="Newest").focus()
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("ArrowRight")
    expect(tab.get_by_role("radio", name="Outliers")).to_be_checked()
    expect(tab.get_by_role("article").first).to_contain_text("12x")


def test_compared_lines_differ_without_colours(gallery: str, tab: Page) -> None:
    tab.goto(f"{gallery}?scene=compareFive")
    lines = tab.locator(".tracking-chart__drawing .tracking-chart__line")
    expect(lines).to_have_count(5)
    dashes = [line.evaluate("line => getComputedStyle(line).strokeDasharray") for line in lines.all()]
    assert len(set(dashes)) == 5
    swatches = tab.locator(".cmp-pill .cmp-swatch").all()
    assert [swatch.evaluate("swatch => getComputedStyle(swatch).strokeDasharray") for swatch in swatches] == dashes


def open_charts(tab: Page, gallery: str, scene: str) -> list[Locator]:
    """Open a scene of charts, and return its charts."""
    tab.goto(f"{gallery}?scene={scene}")
    expect(tab.locator("[data-scene-is-played]")).to_be_attached()
    expect(tab.get_by_role("figure").first).to_be_visible()
    return tab.get_by_role("figure").all()


def reading(chart: Locator) -> str:
    return chart.get_by_role("slider").get_attribute("aria-valuetext") or ""


def test_charts_and_their_tables_are_accessible(gallery: str, tab: Page) -> None:
    charts = open_charts(tab, gallery, "chartGerman")
    assert len(charts) == 3
    shoot(tab, "gallery-charts")
    for chart in charts:
        chart.get_by_role("button", name="Als Tabelle zeigen").click()
    expect(tab.get_by_role("table")).to_have_count(3)
    shoot(tab, "gallery-charts-tables")


def test_table_takes_the_room_of_its_chart(gallery: str, tab: Page) -> None:
    chart = open_charts(tab, gallery, "chartYear")[0]
    before = box(chart)
    chart.get_by_role("button", name="Show as table").click()
    assert abs(box(chart)["height"] - before["height"]) < 4
    assert chart.get_by_role("region").evaluate("region => region.scrollHeight > 5 * region.clientHeight")


def test_chart_is_read_by_keys(gallery: str, tab: Page) -> None:
    chart = open_charts(tab, gallery, "chartYear")[0]
    chart.get_by_role("button").focus()
    tab.keyboard.press("Tab")
    expect(chart.get_by_role("slider")).to_be_focused()
    assert reading(chart) == "Nov 30, 2026: 63,665"
    for key, day in (("ArrowLeft", "Nov 29, 2026"), ("ArrowRight", "Nov 30, 2026"), ("Home", "Nov 30, 2025")):
        tab.keyboard.press(key)
        assert reading(chart).startswith(f"{day}: ")
        expect(chart.get_by_text(day, exact=True)).to_be_visible()
    assert axe_violations(tab) == []


def test_cross_hair_is_below_the_pointer(gallery: str, tab: Page) -> None:
    chart = open_charts(tab, gallery, "chartComparison")[0]
    field = box(chart.locator(".tracking-chart__field"))
    for part, day in ((0, "Nov 1, 2026"), (0.5, "Nov 15, 2026"), (1, "Nov 30, 2026")):
        x = field["x"] + part * (field["width"] - 1)
        tab.mouse.move(x, field["y"] + 30)
        assert reading(chart).startswith(day)
        hair = box(chart.locator(".tracking-chart__cursor"))
        assert abs(hair["x"] + hair["width"] / 2 - x) < field["width"] / 29 / 2 + 1


def test_legend_stands_still_while_values_are_read(gallery: str, tab: Page) -> None:
    chart = open_charts(tab, gallery, "chartComparison")[0]
    field, names = box(chart.locator(".tracking-chart__field")), chart.locator("bdi")
    assert names.count() == 5
    tab.mouse.move(field["x"] + field["width"] - 2, field["y"] + 30)
    before = [box(name)["x"] for name in names.all()]
    tab.mouse.move(field["x"] + field["width"] * 0.66, field["y"] + 30)
    assert [box(name)["x"] for name in names.all()] == before


def test_charts_follow_the_width_of_their_place(gallery: str, tab: Page) -> None:
    """The drawing is stretched, its lines and dots are not, and labels leave out each other at a small width."""
    chart = open_charts(tab, gallery, "chartLines")[3]
    labels = chart.locator(".tracking-chart__columns text:visible")
    assert labels.count() == 5
    assert labels.evaluate_all("labels => labels.every(label => !label.getAttribute('x').startsWith('-'))")
    tab.set_viewport_size(ViewportSize(width=320, height=700))
    field, line = (box(chart.locator(f".tracking-chart__{part}").first) for part in ("field", "line"))
    assert abs(field["width"] - line["width"]) < 8
    assert labels.count() == 3
    boxes = [box(label) for label in labels.all()]
    assert [overlap_px(a, b) for a, b in itertools.pairwise(boxes)] == [0, 0]
    assert overflow_px(tab) == 0


# Nothing outside of the charts, since a chart at another place has other pixels at its edges.
_HOSTILE_TO_CHARTS = """
  figcaption, div:where(figure *), p:where(figure *) { padding: 40px; margin: 30px; background: red; float: left; }
  table, th, td { padding: 40px; background: red; }
  button { text-transform: uppercase; height: 90px; border-radius: 50%; background: orange; letter-spacing: 9px; }
  span, bdi { display: block; color: yellow; font: italic 40px serif; }
  svg { width: 300px; fill: red; display: block; }
  text { fill: red; font-size: 40px; }
  path, rect { stroke: red; fill: red; stroke-width: 9px; }
  input { width: 900px; height: 90px; background: black; }
  * { box-sizing: content-box; }
"""


@pytest.mark.parametrize("scene", ["chartLines", "chartBars", "chartComparison", "chartHours"])
def test_page_rules_do_not_leak_into_charts(gallery: str, tab: Page, scene: str) -> None:
    chart = open_charts(tab, gallery, scene)[0]
    before = chart.screenshot()
    tab.add_style_tag(content=_HOSTILE_TO_CHARTS)
    assert chart.screenshot(path=SCREENSHOTS / f"gallery-hostile-{scene}.png") == before


def test_charts_have_the_colours_of_the_text_around_them(gallery: str, tab: Page) -> None:
    """Nothing has to know whether the page is dark: axes are a shade of the page's text."""
    chart = open_charts(tab, gallery, "chartYear")[0]
    for colour in ("rgb(238, 238, 238)", "rgb(17, 17, 17)"):
        tab.evaluate("colour => { document.body.style.color = colour }", colour)
        assert chart.evaluate("chart => getComputedStyle(chart).color") == colour
        day = chart.locator(".tracking-chart__when").evaluate("day => getComputedStyle(day).color")
        assert round(float(day.split()[1]) * 255) == int(colour[4:].split(",")[0]), day


def test_forced_colours_tell_the_lines_apart(gallery: str, tab: Page) -> None:
    tab.emulate_media(forced_colors="active")
    chart = open_charts(tab, gallery, "chartComparison")[0]
    looks = chart.locator(".tracking-chart__line").evaluate_all(
        "lines => lines.map(line => getComputedStyle(line)).map(style => style.stroke + style.strokeDasharray)"
    )
    assert len(set(looks)) == len(looks) == 5
    tab.screenshot(path=SCREENSHOTS / "gallery-charts-forced.png")


def test_time_goes_right_on_pages_from_right_to_left(gallery: str, tab: Page) -> None:
    chart = open_charts(tab, gallery, "chartComparison")[0]
    tab.evaluate("document.documentElement.dir = 'rtl'")
    title, button = box(chart.get_by_text("Growth, 1 November = 100")), box(chart.get_by_role("button"))
    assert title["x"] > button["x"]
    first, *_, last = chart.locator(".tracking-chart__columns text").all()
    assert box(first)["x"] < box(last)["x"]
    chart.get_by_role("slider").focus()
    tab.keyboard.press("ArrowLeft")
    assert reading(chart).startswith("Nov 29, 2026")
    tab.screenshot(path=SCREENSHOTS / "gallery-charts-rtl.png")
    assert axe_violations(tab) == []
    assert overflow_px(tab) == 0


def test_values_can_be_read_where_styles_are_refused(gallery: str, tab: Page) -> None:
    """A content security policy without `unsafe-inline` refuses style attributes: charts have none."""
    for scene in ("chartYear", "chartHours", "chartComparison"):
        open_charts(tab, gallery, scene)
        assert tab.locator(".tracking-chart [style]").count() == 0


# News


def open_news(tab: Page, gallery: str, scene: str) -> Locator:
    """Open a scene of news, wait until it is played, and return its page."""
    tab.goto(f"{gallery}?scene={scene}")
    expect(tab.locator("[data-scene-is-played]")).to_be_attached()
    return tab.locator(".tracking-news")


_HOSTILE_TO_NEWS = """
  section, form, fieldset, ul, li, ol, dl, dd, p {
    padding: 40px; margin: 30px; background: red; list-style: square; border: 9px solid;
  }
  button, select, label, legend { text-transform: uppercase; height: 90px; border-radius: 50%; background: orange; }
  input { width: 900px; height: 90px; background: black; }
  input:not([type="image"]), select:not([multiple]) {
    width: 900px; height: 90px; padding: 40px; border: 9px solid; background: black; accent-color: red;
  }
  h2, h3, span, a, code { display: block; color: yellow; font: italic 40px serif; letter-spacing: 9px; }
  svg { width: 300px; fill: red; display: block; }
  path { stroke: red; fill: red; stroke-width: 9px; }
  * { box-sizing: content-box; }
"""


@pytest.mark.parametrize("scene", ["mailDaily", "webhooks", "webhooksAdd", "endpointDetails", "endpointRotated"])
def test_page_rules_do_not_leak_into_news(gallery: str, tab: Page, scene: str) -> None:
    tab.clock.set_fixed_time("2026-11-23T12:00:00")
    page = open_news(tab, gallery, scene)
    assert page.locator("[style]").count() == 0  # a strict content security policy would refuse it
    tab.add_style_tag(content="main > :not(#root) { display: none }")
    before = page.screenshot()
    tab.add_style_tag(content=_HOSTILE_TO_NEWS)
    assert page.screenshot(path=SCREENSHOTS / f"gallery-hostile-{scene}.png") == before


@pytest.mark.parametrize("scene", ["mailGerman", "webhooks", "webhooksAdd", "endpointGerman", "endpointDetails"])
def test_news_fits_a_small_phone_with_large_text(gallery: str, tab: Page, scene: str) -> None:
    """At 360 px, and at 720 px with text of 200 %, nothing has to be scrolled sideways."""
    page = open_news(tab, gallery, scene)
    for width, text in ((360, "100%"), (720, "200%"), (1600, "100%")):
        tab.set_viewport_size(ViewportSize(width=width, height=800))
        tab.locator("html").evaluate("(page, size) => { page.style.fontSize = size; }", text)
        assert overflow_px(tab) == 0, f"{width} px, {text}"
        overlapping = page.locator("button:visible").evaluate_all(
            "buttons => buttons.filter(button => button.scrollWidth > button.clientWidth + 1).length"
        )
        assert overlapping == 0, f"{width} px, {text}: a button's words do not fit"


def test_loading_news_takes_the_room_of_its_list(gallery: str, tab: Page) -> None:
    """The title and the button do not move when the endpoints arrive."""
    places = []
    for scene in ("webhooksLoading", "webhooks"):
        page = open_news(tab, gallery, scene)
        places.append([box(page.get_by_role("heading")), box(page.get_by_role("button", name="Add endpoint"))])
    assert places[0] == places[1]


def test_form_of_news_keeps_its_boxes_in_the_demo(gallery: str, tab: Page) -> None:
    """The demo's style makes fields as wide as their place."""
    tab.goto(f"{gallery}?scene=demoWebhooks")
    tab.get_by_role("button", name="Add endpoint").click()
    shoot(tab, "gallery-demo-form")
    for one in tab.get_by_role("checkbox").all():
        assert (box(one)["width"], box(one)["height"]) == (16, 16)


@pytest.mark.parametrize("width", [PHONE["width"], DESKTOP["width"]])
def test_whole_row_of_news_opens_its_endpoint(gallery: str, tab: Page, width: int) -> None:
    page = open_news(tab, gallery, "webhooks")
    tab.set_viewport_size(ViewportSize(width=width, height=800))
    row = page.get_by_role("listitem").nth(1)
    place = box(row)
    row.click(position={"x": place["width"] - 4, "y": place["height"] - 4})  # below the arrow, beside all words
    expect(page.get_by_role("heading", name="https://api.example.org/hooks/accounts")).to_be_focused()


def test_news_is_used_by_keys_alone(gallery: str, tab: Page) -> None:
    """A filter by arrows, a delivery by Enter, a question by Escape; the focus is never lost."""
    page = open_news(tab, gallery, "endpoint")
    page.get_by_role("radio", name="All").focus()
    for _ in range(3):
        tab.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Failed")).to_be_focused()
    expect(page.locator(".tracking-news__delivery")).to_have_count(2)
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    expect(page.get_by_role("list", name="Attempts")).to_be_visible()
    page.get_by_role("button", name="Remove").focus()
    tab.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Keep it")).to_be_focused()
    tab.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Remove")).to_be_focused()


def test_forced_colours_keep_choices_visible(gallery: str, tab: Page) -> None:
    tab.emulate_media(forced_colors="active")
    page = open_news(tab, gallery, "endpoint")
    borders = page.locator(".tracking-news__segments span").evaluate_all(
        "spans => spans.map(span => getComputedStyle(span).borderColor)"
    )
    assert len(set(borders[:1]) & set(borders[1:])) == 0
    tab.screenshot(path=SCREENSHOTS / "gallery-news-forced.png")
