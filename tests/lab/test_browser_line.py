"""The line depth in Chromium: where it begins, what it hides, and the marked line in the window."""

import pytest

pytestmark = pytest.mark.browser

# Whether a point in the middle of the marked line shows that line, and nothing that covers it.
IN_VIEW = """(() => {
    const row = document.querySelector('#line-code .row.current .number');
    const box = row.getBoundingClientRect();
    const found = document.elementFromPoint(box.left + 8, box.top + box.height / 2);
    return found === row || row.contains(found);
})()"""


def test_the_line_depth_begins_in_the_trainers_step(lab_page):
    page = lab_page.open("depth=4&model=wgan_gp")
    first = page.inner_text("#line-code header h2")
    assert first == "WGANGP.critic_step"
    assert page.locator("#line-stack li").count() == 1
    hidden = """minigan.recording.stops[4].filter((e) =>
        minigan.recording.fileOf(e).includes('guards')).length"""
    assert lab_page.state(hidden) == 0
    shown = lab_page.state("minigan.recording.stops[4].length")
    page.check("#line-helpers")
    lab_page.settle()
    assert lab_page.state("minigan.recording.stops[4].length") > 1.5 * shown
    assert page.inner_text("#line-code header h2") == first  # the line in view stays
    lab_page.press("Home")
    assert "checked" in page.inner_text("#line-code header h2")
    page.uncheck("#line-helpers")
    lab_page.settle()
    assert page.inner_text("#line-code header h2") == first
    assert lab_page.state("minigan.recording.stops[4].length") == shown


@pytest.mark.parametrize("size", [(1366, 768), (390, 844), (683, 384)], ids=str)
def test_the_marked_line_is_in_the_window(watched, address, size):
    lab = watched(address, width=size[0], height=size[1])
    lab.open("depth=4")
    stops = lab.state("minigan.recording.stops[4].length")
    missing = []
    for i in range(24):
        lab.state(f"minigan.stepper.moveTo(minigan.recording.stops[4][{i * stops // 24}])")
        lab.settle()
        if not lab.state(IN_VIEW):
            missing.append(i)
    assert missing == []
    for key in ["Home", *["ArrowRight"] * 4, *["Shift+ArrowRight"] * 4]:
        lab.press(key)
        assert lab.state(IN_VIEW), key


def test_modules_optimizers_and_dicts_can_be_opened(lab_page):
    page = lab_page.open("depth=4&step=2")  # before the first step, an optimizer has no moments
    page.locator("#line-locals tr", has_text="self").locator("button").click()
    inspector = page.locator("#line-inspector")
    for chip in "d_optimizer", "state", "[0]", "['exp_avg']":
        inspector.locator(".chip", has_text=chip).first.click()
    page.wait_for_selector("#line-inspector .stats")
    assert inspector.locator("h2").inner_text() == "self.d_optimizer.state[0]['exp_avg']"
