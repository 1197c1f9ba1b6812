"""Ways to look at a page for everybody: axe, and what does not fit on a screen."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

# Without preload axe leaves the stylesheets alone; it would copy them into inline ones, which the policy refuses.
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"], "preload": False}
# Each width and each theme once: colours do not depend on the width, nor the layout on the theme.
LOOKS = [(1440, "light"), (390, "dark")]
SIZES = [(1440, 900), (1024, 768), (390, 844), (320, 640)]
DIRECTIONS = ("ltr", "rtl")
# What makes the page wider than the screen, if anything. A list that scrolls by itself does not, nor what is cut off.
BEYOND = """() => {
    const root = document.documentElement, main = document.querySelector('#main') || root
    const cut = root.dir === 'rtl' || getComputedStyle(main).overflowX === 'hidden'
    if (root.scrollWidth <= innerWidth && (cut || main.scrollWidth - main.clientWidth <= 1)) return []
    const edge = main.getBoundingClientRect().left + main.clientWidth + 1
    const wide = [...main.querySelectorAll('*')].filter((one) => one.getBoundingClientRect().right > edge)
    return ['wider than the screen', ...wide.map((one) => one.outerHTML.slice(0, 120))]
}"""


# A new size is there some frames after it was asked for.
RESIZED = """width => new Promise((done) => {
    const drawn = () => requestAnimationFrame(() => requestAnimationFrame(done))
    const look = () => innerWidth === width ? drawn() : requestAnimationFrame(look)
    look()
})"""


def violations(page: Page) -> list[Any]:
    """What axe finds wrong, each with the elements concerned, once the styles are there and nothing moves."""
    page.wait_for_load_state()
    page.evaluate("Promise.allSettled(document.getAnimations().map((one) => one.finished))")
    found = Axe().run(page, options=RULES).response["violations"]
    return [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found]


def too_wide(page: Page) -> list[Any]:
    """At which sizes, read in which direction, the page as it is must be scrolled sideways; leaves the last of them."""
    found = []
    for direction in DIRECTIONS:
        page.evaluate("direction => { document.documentElement.dir = direction }", direction)
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            page.evaluate(RESIZED, width)
            if over := page.evaluate(BEYOND):
                found.append((width, direction, over))
    return found
