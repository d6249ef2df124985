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
