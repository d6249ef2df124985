"""The page explains a killed server, too many tabs, and the address of another run."""

import pytest
from lab.serving import lab_server

pytestmark = pytest.mark.browser


def test_a_killed_server_is_explained(watched):
    with lab_server() as (process, address):
        lab = watched(address)
        lab.expected = ("Failed to load resource", "ERR_CONNECTION_REFUSED", "ERR_EMPTY_RESPONSE")
        page = lab.open()
        process.kill()
        process.wait()
        page.click("#button-step-d")
        page.wait_for_selector("#message:not([hidden])")
        text = page.inner_text("#message")
        assert "python -m minigan.lab" in text and "does not answer" in text
        page.click("#button-play")
        lab.until("!minigan.playing")


def test_one_tab_too_many_is_told_so(watched):
    with lab_server() as (_, address):
        labs = [watched(address) for _ in range(4)]
        for lab in labs[:3]:
            lab.open()
        last = labs[3]
        last.expected = ("Failed to load resource",)  # if the server answers with a status
        last.page.goto(address)
        last.page.wait_for_selector("#message:not([hidden])")
        text = last.page.inner_text("#message")
        assert "busy" in text and "other tabs" in text
        labs[0].click("#button-step-d")  # the others go on
        assert labs[0].position() == 1
        for lab in labs:  # they may still want a font when the server is gone
            lab.expected = ("Failed to load resource",)


def test_a_duplicated_tab_gets_its_own_experiment(watched, address):
    first = watched(address)
    first.open()
    tab = first.state("sessionStorage.getItem('minigan-tab')")
    second = watched(address, context=first.context)
    second.page.add_init_script(
        f"if (!sessionStorage.getItem('seen')) sessionStorage.setItem('minigan-tab', '{tab}');"
        "sessionStorage.setItem('seen', 'yes')"
    )
    second.open()
    second.click("#button-step-d")
    first.page.reload()
    first.ready()
    assert (second.position(), first.position()) == (1, 0)
    assert first.state("sessionStorage.getItem('minigan-tab')") == tab


def test_the_address_of_another_run_is_explained(watched, address):
    lab = watched(address)
    lab.expected = ("Failed to load resource",)
    page = lab.open()
    page.route("**/call", lambda route: route.fulfill(status=403, body="forbidden"))
    page.click("#button-step-d")
    page.wait_for_selector("#message:not([hidden])")
    assert "started again" in page.inner_text("#message")
