"""The page that a player saves, opened from disk; what a saved notebook shows without a kernel."""

from __future__ import annotations

import pytest
from PIL import Image

from splineviz.partition.slices.input_slice import InputSlice
from splineviz.widgets.player.region_player import RegionPlayer
from tests.browser.test_region_player import COLORS, PICTURE
from tests.widgets.standin import StandInRun

pytestmark = pytest.mark.browser

STEPS = (0, 1, 3, 10, 30, 100, 300, 1000)
HOSTILE = ("</script><script>window.hacked = 1</script>", "<img src=x onerror=hacked=1>")


class Broken(StandInRun):
    """A run whose step 3 cannot be read."""

    def program(self, step):
        if step == 3:
            raise ValueError("no weights")
        return super().program(step)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    run = Broken(steps=STEPS, widths=(2, 32, 32, 2), class_names=HOSTILE)
    player = RegionPlayer(run, InputSlice.identity())
    player.save_html(folder / "page.html", title=HOSTILE[0])
    player.save_html(folder / "plain.html", steps=[0, 1000], compress=False)
    player.close()
    return folder


class Page:
    """A saved page; `requests` collects what it fetches, `problems` what goes wrong."""

    def __init__(self, page, path):
        self.page = page
        self.requests = []
        self.problems = []
        self.root = page.locator(".sv-regions")
        self.plot = page.locator(".sv-plot")
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", self._hear)
        page.on("request", lambda request: self.requests.append(request.url))
        page.route(lambda url: not url.startswith("file:"), lambda route: route.abort())
        page.goto(path.as_uri())
        page.wait_for_selector("html[data-unpacked]")

    def _hear(self, message):
        if message.type == "error":
            self.problems.append(message.text)

    def go_to(self, index):
        """Go to a checkpoint by the keys of the time bar."""
        self.page.locator(".sv-time").focus()
        self.page.keyboard.press("Home")
        for _ in range(index):
            self.page.keyboard.press("ArrowRight")

    def wait_for_frame(self, index):
        self.page.wait_for_selector(f".sv-regions[data-frame='{index}']")

    def picture(self):
        return self.page.locator(".sv-fill").evaluate(PICTURE)

    def marker(self):
        return self.page.locator(".sv-time-cursor").get_attribute("transform")


@pytest.fixture
def opened(browser, saved):
    pages = []

    def make(name):
        pages.append(Page(browser.new_page(), saved / name))
        return pages[-1]

    yield make
    for one in pages:
        # The worker that fills frames ahead is made of the page's own text.
        outside = [url for url in one.requests if not url.startswith(("file:", "blob:"))]
        assert outside == []
        assert one.requests[0].startswith("file:")
        assert sum(url.startswith("file:") for url in one.requests) == 1
        assert one.problems == []
        assert one.page.evaluate("window.hacked") is None
        one.page.close()


def test_scrubbing_without_a_kernel(opened, screenshots):
    saved = opened("page.html")
    saved.wait_for_frame(0)
    start, marker = saved.picture(), saved.marker()
    assert saved.page.locator(".sv-fill").evaluate(COLORS) > 10
    saved.page.screenshot(path=screenshots / "page-first.png")
    saved.plot.focus()
    saved.page.keyboard.press("ArrowRight")
    saved.wait_for_frame(1)
    assert saved.picture() != start
    assert saved.marker() != marker
    saved.go_to(7)
    saved.wait_for_frame(7)
    assert saved.page.locator(".sv-read-out").inner_text() == "step 1,000 (8 of 8)"
    saved.page.screenshot(path=screenshots / "page-last.png")
    saved.plot.focus()
    saved.page.keyboard.press("Home")
    saved.wait_for_frame(0)
    assert (saved.picture(), saved.marker()) == (start, marker)


def test_a_click_on_the_time_bar_goes_to_a_step(opened):
    saved = opened("page.html")
    saved.wait_for_frame(0)
    box = saved.page.locator(".sv-time").bounding_box()
    height = box["y"] + box["height"] / 2
    saved.page.mouse.click(box["x"] + 0.98 * box["width"], height)
    saved.wait_for_frame(7)
    saved.page.mouse.down()
    saved.page.mouse.move(box["x"] + 0.05 * box["width"], height)
    saved.page.mouse.up()
    saved.wait_for_frame(0)


def test_a_missing_step_says_why(opened):
    saved = opened("page.html")
    saved.go_to(2)
    saved.page.get_by_text("This step could not be computed: no weights").wait_for()


def test_playing_and_coloring(opened):
    saved = opened("page.html")
    saved.wait_for_frame(0)
    before = saved.picture()
    saved.page.get_by_label("Color", exact=True).select_option(label="activation pattern")
    saved.page.wait_for_selector('.sv-plot[aria-label$="colored by activation pattern"]')
    assert saved.picture() != before
    saved.page.get_by_label("Speed", exact=True).select_option(label="4×")
    saved.page.get_by_label("play", exact=True).click()
    saved.wait_for_frame(5)
    saved.page.get_by_label("pause", exact=True).click()
    # It may have begun again meanwhile, and nothing comes before the first step.
    saved.go_to(5)
    saved.page.get_by_label("Compare", exact=True).select_option(label="step before")
    saved.page.get_by_text("born").first.wait_for()


def test_hovering_and_zooming(opened, screenshots):
    saved = opened("page.html")
    saved.wait_for_frame(0)
    box = saved.plot.bounding_box()
    saved.page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.3 * box["height"])
    card = saved.page.locator(".sv-card")
    card.get_by_text("slope norm").wait_for()
    assert "needs a running kernel" in card.inner_text()
    before = saved.picture()
    saved.plot.focus()
    saved.page.keyboard.press("+")
    saved.page.get_by_text("1.5 times enlarged").wait_for()
    assert saved.picture() != before


def test_text_stays_text(opened):
    saved = opened("page.html")
    saved.wait_for_frame(0)
    legend = saved.page.locator(".sv-legend").inner_text()
    assert all(name in legend for name in HOSTILE)
    assert saved.page.title() == saved.page.locator("h1").inner_text() == HOSTILE[0]


def test_a_dark_page(opened, screenshots):
    saved = opened("page.html")
    saved.wait_for_frame(0)
    color = "getComputedStyle(document.body).backgroundColor"
    light = saved.page.evaluate(color)
    saved.page.emulate_media(color_scheme="dark")
    assert saved.page.evaluate(color) != light
    saved.page.screenshot(path=screenshots / "page-dark.png")


def test_a_page_that_is_not_compressed(opened):
    saved = opened("plain.html")
    saved.wait_for_frame(0)
    saved.plot.focus()
    saved.page.keyboard.press("End")
    saved.wait_for_frame(1)
    assert saved.root.get_attribute("data-step") == "1000"


def test_an_old_browser_says_what_works(browser, saved):
    page = browser.new_page()
    page.add_init_script("delete window.DecompressionStream")
    Page(page, saved / "page.html")
    page.get_by_text("save the page with compress=False").wait_for()
    page.close()


def test_the_address_of_a_page_tells_what_is_shown(opened):
    saved = opened("page.html")
    saved.wait_for_frame(0)
    saved.go_to(5)
    saved.page.get_by_label("Color", exact=True).select_option(label="activation pattern")
    saved.page.wait_for_url("**#step=100&color=pattern")
    saved.page.evaluate("location.hash = '#step=1000&color=slope&data=off'")
    saved.wait_for_frame(7)
    assert not saved.page.get_by_label("data", exact=True).is_checked()
    saved.page.get_by_label("copy what is shown, to show it again", exact=True).click()


def test_picture_and_film_are_made_in_the_browser(opened, tmp_path):
    saved = opened("page.html")
    saved.wait_for_frame(0)
    with saved.page.expect_download() as picture:
        saved.page.get_by_label("save the picture as PNG", exact=True).click()
    assert picture.value.suggested_filename == "regions-step-0.png"
    picture.value.save_as(tmp_path / "picture.png")
    with Image.open(tmp_path / "picture.png") as image:
        assert min(image.size) > 300
        assert len(image.convert("RGB").getcolors(1 << 24)) > 100
    saved.go_to(5)
    saved.page.keyboard.press("[")
    with saved.page.expect_download() as film:
        saved.page.get_by_label("save a film of the steps that play", exact=True).click()
    film.value.save_as(tmp_path / "film")
    assert film.value.suggested_filename.startswith("regions.")
    assert (tmp_path / "film").stat().st_size > 5000
    saved.wait_for_frame(7)


def test_a_presentation_fills_the_screen(opened, screenshots):
    saved = opened("page.html")
    saved.wait_for_frame(0)
    before = saved.plot.bounding_box()
    saved.page.get_by_label("present: fill the screen", exact=True).click()
    saved.page.wait_for_selector(".sv-present")
    saved.page.wait_for_timeout(500)
    saved.page.screenshot(path=screenshots / "page-presented.png")
    size = saved.page.viewport_size
    for part in (".sv-plot", ".sv-time-bar"):
        box = saved.page.locator(part).bounding_box()
        assert box["x"] >= 0
        assert box["y"] >= 0
        assert box["x"] + box["width"] <= size["width"] + 1
        assert box["y"] + box["height"] <= size["height"] + 1
    # A place on the time bar is the same step as before, though all is larger.
    bar = saved.page.locator(".sv-time").bounding_box()
    saved.page.mouse.click(bar["x"] + 0.98 * bar["width"], bar["y"] + bar["height"] / 2)
    saved.wait_for_frame(7)
    box = saved.plot.bounding_box()
    saved.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    saved.page.wait_for_selector(".sv-regions:not([data-region='-1'])")
    saved.page.keyboard.press("Escape")
    saved.page.get_by_label("leave the presentation", exact=True).click()
    saved.page.wait_for_selector(".sv-present", state="detached")
    assert saved.plot.bounding_box() == before
