"""The keys of the page, wherever the focus is, in Chromium."""

import pytest

pytestmark = pytest.mark.browser

FOCUS = "document.activeElement?.id || document.activeElement?.tagName"
PLACES = ("#button-play", "summary", "#speed", "#setting-lr_g", "body")


def at_rest(lab):
    lab.until("!minigan.playing")
    lab.settle()


@pytest.mark.parametrize("by_mouse", [True, False])
def test_after_a_choice_in_a_list_the_arrow_keys_step(lab_page, by_mouse):
    page = lab_page.open()
    page.wait_for_timeout(50)
    if by_mouse:
        page.click("#setting-data")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
    else:
        page.focus("#button-defaults")
        while lab_page.state(FOCUS) != "setting-data":
            page.keyboard.press("Shift+Tab")
        page.keyboard.press("ArrowDown")
    lab_page.until("minigan.settings.data !== minigan.hello.defaults.data")
    lab_page.settle()
    chosen = lab_page.state("minigan.settings")
    assert lab_page.state(FOCUS) == ("BODY" if by_mouse else "setting-data")
    lab_page.press("ArrowRight", 3)
    assert lab_page.position() == 3
    lab_page.press("ArrowLeft")
    assert lab_page.position() == 2
    if by_mouse:  # the focus is on no list, so no key chooses
        lab_page.press("ArrowDown")
        lab_page.press("ArrowUp")
    assert (lab_page.position(), lab_page.state("minigan.settings")) == (2, chosen)


@pytest.mark.parametrize("place", PLACES)
def test_space_pauses_wherever_the_focus_is(lab_page, place):
    page = lab_page.open("data=ring")
    settings, shown = lab_page.state("minigan.settings"), lab_page.state("[...minigan.layers]")
    page.locator("#button-play").click()
    lab_page.until("minigan.frame.position > 5")
    page.locator(place).first.focus()
    page.keyboard.press(" ")
    at_rest(lab_page)
    position = lab_page.position()
    page.wait_for_timeout(150)
    assert (lab_page.position(), lab_page.state("minigan.depth")) == (position, 1)
    assert lab_page.state("minigan.settings") == settings
    assert lab_page.state("[...minigan.layers]") == shown


def test_each_tab_is_reached_and_chosen_with_the_keyboard(lab_page):
    page = lab_page.open()
    page.focus("#depth-1")
    for depth in (2, 3, 4):
        page.keyboard.press("Tab")
        assert lab_page.state(FOCUS) == f"depth-{depth}"
        lab_page.press(" " if depth == 3 else "Enter")
        assert lab_page.state("minigan.depth") == depth
        assert page.get_attribute(f"#depth-{depth}", "aria-selected") == "true"
        assert lab_page.state(FOCUS) == f"depth-{depth}"


def test_a_node_of_the_graph_is_reached_and_chosen_with_the_keyboard(lab_page):
    page = lab_page.open("depth=3")
    lab_page.press("End")
    page.focus(".graph-scroll")
    reached = []
    for key in ("Enter", " "):
        page.keyboard.press("Tab")
        reached.append(lab_page.state("document.activeElement.dataset.node"))
        lab_page.press(key)
        assert lab_page.state("String(minigan.views[3].chosen)") == reached[-1]
        assert lab_page.state("document.activeElement.getAttribute('aria-pressed')") == "true"
        assert page.locator("#graph [aria-pressed=true]").count() == 1
        assert not lab_page.state("minigan.playing")
        page.wait_for_selector(f"#graph-inspector [data-numbers='{reached[-1]}']")
    assert len(set(reached)) == 2
    cursor = lab_page.state("minigan.cursor")
    lab_page.press("ArrowLeft")  # and the keys of the page go on working there
    assert lab_page.state("minigan.cursor") < cursor
