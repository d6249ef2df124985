"""Do each lesson in a real browser, from its first page to its last."""

import pytest

pytestmark = pytest.mark.browser

LESSONS = (
    "discriminator-step",
    "fixed-discriminator",
    "two-losses",
    "mode-collapse",
    "gradient-of-gradient",
    "one-half",
)


def settle(lab):
    lab.until("!minigan.lessons.turning", timeout=600)
    lab.settle()


def test_the_list_has_six_lessons(lab_page):
    page = lab_page.open()
    page.click("#button-lessons")
    page.wait_for_selector(".lesson-list button")
    found = page.locator(".lesson-list button").evaluate_all(
        "(all) => all.map((b) => b.dataset.lesson)"
    )
    assert found == list(LESSONS)


def do(lab, what):
    """Do what a page of a lesson asks for."""
    page = lab.page
    if what["what"] == "play":
        page.click("#button-play")
    elif what["what"] == "step":
        page.click(f"#button-step-{what['player'].lower()}")
    else:
        for _ in range(what["count"]):
            page.keyboard.press("ArrowRight")
    page.wait_for_selector("#lesson-try.done", timeout=600_000)
    lab.settle()


@pytest.mark.slow
@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_to_its_end(lab_page, lesson):
    page = lab_page.open()
    page.click("#button-lessons")
    page.click(f'[data-lesson="{lesson}"]')
    page.wait_for_selector("#lesson .text")
    settle(lab_page)
    pages = lab_page.state("minigan.lessons.lesson.pages")
    for number, content in enumerate(pages):
        assert lab_page.state("minigan.lessons.index") == number
        assert page.locator("#lesson .katex-error").count() == 0
        assert page.locator("#message").is_hidden()
        if content["point_at"]:
            assert page.locator(".pointed").count() == 1, content["point_at"]
        if content["try"]:
            do(lab_page, content["try"])
            assert "✓" in page.inner_text("#lesson-try")
        if number + 1 < len(pages):
            page.click("#lesson-next")
            settle(lab_page)
    assert page.locator("#lesson-next").count() == 0
    page.click("#lesson-end")
    settle(lab_page)
    if lesson == LESSONS[-1]:
        assert page.locator("#lesson").is_hidden()
    else:
        following = LESSONS[LESSONS.index(lesson) + 1]
        assert page.get_attribute("#lesson", "data-lesson") == following


def test_a_lesson_backwards_without_doing_its_tasks(lab_page):
    page = lab_page.open("lesson=discriminator-step.2")
    settle(lab_page)
    assert lab_page.state("minigan.lessons.index") == 1
    state = lab_page.state("[minigan.frame.digest, minigan.depth]")
    page.click("#lesson-next")
    settle(lab_page)
    page.click("#lesson-back")
    settle(lab_page)
    assert lab_page.state("[minigan.frame.digest, minigan.depth]") == state
    lab_page.until("location.hash.endsWith('lesson=discriminator-step.2')")
    page.reload()
    lab_page.ready()
    settle(lab_page)
    assert lab_page.state("minigan.lessons.index") == 1
    page.click("#lesson-close")
    assert page.locator("#lesson").is_hidden()
    assert page.locator(".pointed").count() == 0


@pytest.mark.parametrize("width", [1280, 390])
def test_a_lesson_fits_the_window(watched, address, width):
    lab = watched(address, width=width)
    lab.open("lesson=discriminator-step.1")
    settle(lab)
    assert lab.page.locator("#lesson-next").is_visible()
    assert lab.overflow() <= 0


def test_a_lesson_asks_and_gives_the_run_back(lab_page):
    page = lab_page.open("data=grid&model=wgan&batch_size=16")
    page.uncheck("#layer-arrows")
    lab_page.press("d", 3)
    page.select_option("#setting-noise", "uniform")
    lab_page.settle()
    lab_page.press("d", 3)
    names = "[minigan.frame.digest, minigan.frame.moves, minigan.settings, [...minigan.layers]]"
    before = lab_page.state(names)
    page.click("#button-lessons")
    page.click('[data-lesson="discriminator-step"]')
    assert "comes back" in page.inner_text("#dialog")
    page.click("#dialog-no")
    assert page.locator("#lesson").is_hidden()
    assert lab_page.state(names) == before
    page.click("#button-lessons")
    page.click('[data-lesson="discriminator-step"]')
    page.click("#dialog-yes")
    page.wait_for_selector("#lesson .text")
    settle(lab_page)
    lab_page.press("d", 2)
    in_lesson = lab_page.state(names)
    assert in_lesson != before
    page.reload()  # a reload in the lesson shows what the learner did in it
    lab_page.ready()
    settle(lab_page)
    assert lab_page.state(names) == in_lesson
    page.click("#lesson-close")
    lab_page.until("!minigan.lessons.lesson && !minigan.playing")
    page.evaluate("() => minigan.lessons.closing")
    lab_page.settle()
    assert lab_page.state(names) == before
    assert page.locator("#layer-arrows").is_checked() is False
    assert page.input_value("#setting-noise") == "uniform"


def test_a_lesson_says_nothing_of_a_picture_before_it_is_there(lab_page):
    page = lab_page.open()
    page.evaluate("() => void minigan.lessons.open('mode-collapse')")
    lab_page.until("minigan.lessons.lesson")
    pages = lab_page.state("minigan.lessons.lesson.pages")
    steps = [max((a["args"].get("position", 0) for a in p["do"]), default=0) for p in pages]
    assert max(steps) > 1000
    last = steps.index(max(steps))
    settle(lab_page)
    page.evaluate(f"() => void minigan.lessons.turn({last})")
    page.wait_for_selector("#jump-bar[value]")
    assert page.locator("#lesson .text").count() == 0
    page.click("#button-cancel")
    settle(lab_page)
    assert "Stopped at step" in page.inner_text("#lesson")
    page.click("#lesson-again")
    settle(lab_page)
    assert page.locator("#lesson .text").count() == 1
