"""A page that is hidden tells of jobs that have ended."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.person import Person
from tests.browser.queueing import artist, open_queue, server

__all__ = ["artist", "server"]


def test_a_hidden_page_tells_that_a_job_is_done(artist: Person) -> None:
    panel = open_queue(artist)
    artist.page.evaluate(
        """() => {
            window.told = []
            window.Notification = class {
              static permission = 'default'
              static async requestPermission() { return (this.permission = 'granted') }
              constructor(title, { body }) { window.told.push([title, body]) }
            }
        }"""
    )
    panel.get_by_role("button", name="Tell when jobs are done").click()
    notice = artist.page.get_by_role("menuitemcheckbox", name="A notice when jobs are done")
    expect(notice).to_have_attribute("aria-checked", "false")
    notice.click()
    artist.run()
    artist.page.evaluate(
        "() => Object.defineProperty(document, 'hidden', { get: () => window.away, configurable: true })"
    )
    artist.page.evaluate("() => { window.away = true; window.easel.editor.setWidget('node:3', 'steps', 60) }")
    artist.page.evaluate("() => { window.easel.editor.run('run') }")
    artist.until("() => /^\\(\\d+%\\) /.test(document.title)")
    artist.until("() => window.told.length === 1", timeout=15_000)
    assert artist.page.evaluate("() => window.told[0][0]") == "1 job is done", (
        "not of the one that ended while it was seen"
    )
    artist.page.evaluate("() => { window.away = false; document.dispatchEvent(new Event('visibilitychange')) }")
    artist.until("() => !document.title.startsWith('(')")


NOTICES = """() => {
    window.notices = []
    window.Notification = class {
        static permission = 'default'
        static answer = 'granted'
        static async requestPermission() { return (this.permission = this.answer) }
        constructor(title, { body }) { window.notices.push(`${title}|${body}`) }
        close() {}
    }
}"""
HIDE = """hidden => {
    Object.defineProperty(document, 'hidden', { value: hidden, configurable: true })
    document.dispatchEvent(new Event('visibilitychange'))
}"""


def test_a_notice_tells_of_jobs_that_end_while_the_page_is_hidden_if_wanted(artist: Person) -> None:
    page = artist.page
    page.evaluate(NOTICES)
    page.evaluate("window.Notification.answer = 'denied'")

    def want() -> None:
        page.keyboard.press("q")
        page.get_by_role("button", name="Tell when jobs are done").click()
        page.get_by_role("menuitemcheckbox", name="A notice when jobs are done").click()
        page.locator(".drawer header").get_by_role("button", name="Close", exact=True).click()
        page.evaluate("window.easel.editor.focus()")

    want()
    expect(page.locator(".toasts")).to_contain_text("does not let this page show notices")
    page.evaluate("window.Notification.permission = 'default'; window.Notification.answer = 'granted'")
    want()
    artist.run()  # seen: nobody need be told
    page.evaluate(HIDE, True)
    page.evaluate("window.easel.editor.setWidget('node:3', 'seed', 5)")
    artist.run()
    artist.until("() => window.notices.length > 0")
    assert [notice.partition("|")[0] for notice in page.evaluate("window.notices")] == ["1 job is done"]
    page.evaluate(HIDE, False)
    want()  # and not any more
    page.evaluate(HIDE, True)
    page.evaluate("window.easel.editor.setWidget('node:3', 'seed', 6)")
    artist.run()
    page.evaluate(HIDE, False)
    want()
    page.evaluate(HIDE, True)
    page.evaluate("window.easel.editor.setWidget('node:3', 'seed', 7)")
    artist.run()
    artist.until("() => window.notices.length > 1")
    titles = [notice.partition("|")[0] for notice in page.evaluate("window.notices")]
    assert titles == ["1 job is done"] * 2, "of the one between, nothing was told"
