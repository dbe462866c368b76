"""Every control of every panel can be reached by the keyboard, and shows that it has the focus."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from tests.browser.person import Person

# Controls that Tab must reach: those in a list, a tree or a menu are walked by arrows from the one that Tab reaches.
WANTED = """() => [...document.querySelectorAll(
    '.drawer button, .drawer input, .drawer select, .drawer textarea, .drawer summary, .drawer [tabindex="0"]')]
  .filter(element => element.checkVisibility({ visibilityProperty: true }) && !element.disabled && element.tabIndex >= 0
    && !element.closest('[inert], [aria-hidden="true"]'))
  .map(element => {
    element.dataset.wanted = 'yes'
    return element.outerHTML.slice(0, 160)
  }).length"""
STEP = """() => {
  const element = document.activeElement
  // The ring may be round the row that is meant, or round the label that holds the control.
  const meant = document.getElementById(element.getAttribute('aria-activedescendant') ?? '')
  const shown = [element, element.querySelector('.line'), element.closest('label, .wall'), element.parentElement, meant]
  const styles = shown.filter(Boolean).map(each => getComputedStyle(each))
  const ring = styles.some(({ outlineStyle, outlineWidth, boxShadow }) =>
    (outlineStyle !== 'none' && parseFloat(outlineWidth) > 0) || boxShadow !== 'none')
  const wanted = element.dataset?.wanted === 'yes'
  if (wanted) element.dataset.wanted = 'reached'
  return { inside: element.closest('.drawer') !== null, ring, html: element.outerHTML.slice(0, 160) }
}"""
MISSED = "() => [...document.querySelectorAll('[data-wanted=yes]')].map(element => element.outerHTML.slice(0, 200))"


def test_every_panel_by_tab(person: Person, text_to_image: dict[str, Any]) -> None:
    page = person.page
    page.emulate_media(reduced_motion="reduce")
    person.load(text_to_image)
    person.run()
    page.keyboard.press("Tab")  # from now on it is the keyboard that moves the focus
    page.keyboard.press("Escape")
    problems: list[str] = []
    for opener in page.locator(".rail button[aria-controls]").all():
        name = opener.get_attribute("aria-label")
        opener.press("Enter")
        page.locator(".drawer .panel > *").first.wait_for()
        page.wait_for_load_state("networkidle")
        page.locator(".drawer header button").focus()
        wanted = page.evaluate(WANTED)
        for _ in range(wanted + 5):
            step = page.evaluate(STEP)
            if not step["inside"]:
                break
            if not step["ring"]:
                problems.append(f"{name}: no ring: {step['html']}")
            page.keyboard.press("Tab")
        problems += [f"{name}: not reached: {html}" for html in page.evaluate(MISSED)]
        page.locator(".drawer header button").press("Enter")
        expect(page.locator(".drawer")).to_have_count(0)
    assert not problems, "\n".join(problems)
