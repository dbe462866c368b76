"""Hands on links: knife, reroutes, joining, moving many, their shape, hiding them, what they tell."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.hands import (
    CHAIN,
    away,
    drag,
    held,
    links,
    on_link,
    on_reroute,
    painters,
    reroutes,
    selected,
    shoot,
    undo_label,
)
from tests.browser.person import Person


@pytest.fixture
def artist(person: Person) -> Person:
    person.load(CHAIN)
    person.page.keyboard.press(".")
    person.page.wait_for_timeout(250)
    return person


def test_the_knife_cuts_what_it_crosses_and_escape_takes_it_back(artist: Person) -> None:
    one, two = on_link(artist, 1, 2), on_link(artist, 2, 3)
    path = [
        away(one, -6, -60),
        away(one, 6, 60),
        away(one, 60, 200),
        away(two, -40, 200),
        away(two, -6, 60),
        away(two, 6, -60),
    ]
    with held(artist, "Control"):
        drag(artist, *path, let_go=False)
        shoot(artist, "knife")
        artist.page.keyboard.press("Escape")
        artist.page.mouse.up()
    assert links(artist) == {(1, 2), (2, 3)}
    with held(artist, "Control"):
        drag(artist, *path)
    assert links(artist) == set()
    assert undo_label(artist) == "Cut 2 links"
    artist.page.keyboard.press("Control+z")
    assert links(artist) == {(1, 2), (2, 3)}
    drag(artist, away(one, 0, -50), away(one, 0, 50), button="right")
    artist.page.keyboard.press("Escape")
    with held(artist, "Control"):
        drag(artist, away(one, 0, -50), away(one, 0, 50), button="right")
    assert links(artist) == {(2, 3)}, "as in Blender too"
    expect(artist.page.get_by_role("menu")).to_have_count(0)
    with held(artist, "Control"):
        artist.page.mouse.click(*two)
    assert selected(artist) == {"link:2"}, "no line was drawn"


def test_reroutes_come_by_shift_alt_and_double_click_and_go_without_the_link(artist: Person) -> None:
    page = artist.page
    middle = on_link(artist, 1, 2)
    with held(artist, "Shift"):
        drag(artist, away(middle, -4, -40), away(middle, 4, 40), let_go=False)
        shoot(artist, "reroute-line")
        page.mouse.up()
    assert len(reroutes(artist)) == 1
    assert undo_label(artist) == "Add a reroute"
    second = on_link(artist, 2, 3)
    with held(artist, "Alt"):
        drag(artist, second, away(second, 0, 80))
    added = reroutes(artist)
    assert len(added) == 2
    assert added[1]["pos"][1] > added[0]["pos"][1] + 40, "it was pulled along"
    page.keyboard.press("Control+z")
    assert len(reroutes(artist)) == 1, "one step"
    page.mouse.dblclick(*on_link(artist, 2, 3, 0.4))
    assert len(reroutes(artist)) == 2
    shoot(artist, "reroutes")
    before = reroutes(artist)[1]["pos"]
    point = on_reroute(artist, 1)
    drag(artist, point, away(point, 30, 90))
    assert reroutes(artist)[1]["pos"][1] > before[1]
    page.keyboard.press("Delete")
    assert len(reroutes(artist)) == 1
    assert links(artist) == {(1, 2), (2, 3)}
    assert len(artist.prompt) > 0


def test_another_link_is_drawn_out_of_a_reroute_and_passes_it(artist: Person) -> None:
    page = artist.page
    page.mouse.dblclick(*on_link(artist, 1, 2))
    ring = on_reroute(artist, 0, 14)
    page.mouse.move(*ring)
    shoot(artist, "reroute-out")
    drag(artist, ring, artist.point(4, "in:image"), let_go=False)
    shoot(artist, "reroute-branch")
    page.mouse.up()
    assert (1, 4) in links(artist)
    assert sorted(reroutes(artist)[0]["linkIds"]) == sorted(
        link[0] for link in artist.workflow["links"] if link[1] == 1
    )
    # A link that looks for its source finds it at the reroute too.
    page.keyboard.press("Control+z")
    assert (1, 4) not in links(artist)
    drag(artist, artist.point(4, "in:image"), on_reroute(artist, 0))
    assert (1, 4) in links(artist)
    assert len(reroutes(artist)[0]["linkIds"]) == 2


def test_all_links_of_an_output_move_at_once_and_keep_what_they_pass(artist: Person) -> None:
    drag(artist, artist.point(1, "out:IMAGE"), artist.point(4, "in:image"))
    assert {(1, 2), (1, 4)} <= links(artist)
    page = artist.page
    page.mouse.dblclick(*artist.void())
    page.keyboard.type("load image")
    page.keyboard.press("Enter")
    new = max(each["id"] for each in artist.workflow["nodes"])
    with held(artist, "Shift"):
        drag(artist, artist.point(1, "out:IMAGE"), artist.point(new, "out:IMAGE"))
    assert {(new, 2), (new, 4)} <= links(artist)
    assert undo_label(artist) == "Move 2 links"


def test_two_nodes_are_joined_without_meeting_a_socket(artist: Person) -> None:
    with held(artist, "Alt"):
        drag(artist, artist.point(2), artist.point(4), button="right", let_go=False)
        shoot(artist, "join")
        artist.page.mouse.up(button="right")
    assert (2, 4) in links(artist)
    expect(artist.page.get_by_role("menu")).to_have_count(0)
    with held(artist, "Alt"):
        artist.page.mouse.click(*artist.point(4), button="right")
    expect(artist.page.get_by_role("menu")).to_be_visible()
    artist.page.keyboard.press("Escape")


def test_when_a_link_is_let_go_what_lies_there_is_pointed_at(artist: Person) -> None:
    drag(artist, artist.point(2, "in:image"), away(artist.point(2, "in:image"), -60, 200))
    assert artist.page.evaluate("() => window.easel.editor.hover.kind") == "canvas"


def test_hidden_links_show_where_they_lead_and_the_link_has_a_menu(artist: Person) -> None:
    page = artist.page
    page.mouse.click(*on_link(artist, 1, 2), button="right")
    menu = page.get_by_role("menu")
    expect(menu.get_by_role("menuitem", name="Insert a node here")).to_be_visible()
    shoot(artist, "link-menu")
    menu.get_by_role("menuitem", name="Hide links").click()
    assert artist.workflow["extra"]["easel_hidden_links"] == [1]
    page.mouse.move(*artist.point(4))
    shoot(artist, "hidden")
    page.mouse.click(*on_link(artist, 1, 2, 0.45), button="right")
    page.get_by_role("menuitem", name="Show links").click()
    assert "easel_hidden_links" not in (artist.workflow.get("extra") or {})
    page.mouse.click(*on_link(artist, 1, 2), button="right")
    page.get_by_role("menuitem", name="Insert a node here").click()
    titles = page.locator(".search [role=option] .name").all_inner_texts()
    assert "Invert Image" in titles
    assert "KSampler" not in titles
    assert "Save Image" not in titles, "it passes nothing on"
    page.keyboard.type("upscale image by")
    page.keyboard.press("Enter")
    assert links(artist) == {(1, 5), (5, 2), (2, 3)}


def test_the_shape_of_links_is_chosen_in_the_panel_and_kept(artist: Person) -> None:
    page = artist.page
    page.get_by_role("button", name="View", exact=True).click()
    page.get_by_role("button", name="Corners").click()
    shoot(artist, "view-panel")
    assert page.evaluate("() => window.easel.editor.scene.linkShape") == "elbow"
    page.reload()
    artist.wait_ready()
    assert page.evaluate("() => window.easel.editor.scene.linkShape") == "elbow"
    page.evaluate("() => window.easel.editor.run('links_spline')")
    assert page.evaluate("() => window.easel.editor.scene.linkShape") == "spline"


@pytest.mark.parametrize("shape", ["straight", "elbow", "hidden"])
def test_links_have_the_shape_that_one_likes(artist: Person, shape: str) -> None:
    page = artist.page
    page.mouse.dblclick(*on_link(artist, 1, 2))
    page.evaluate("shape => window.easel.editor.run('links_' + shape)", shape)
    assert page.evaluate("() => window.easel.editor.scene.linkShape") == shape
    page.wait_for_timeout(50)
    shoot(artist, f"links-{shape}")
    page.mouse.click(*on_link(artist, 2, 3, 0.45), button="right")
    expect(page.get_by_role("menuitem", name="Delete the link")).to_be_visible()
    page.keyboard.press("Escape")
    page.evaluate("() => window.easel.editor.run('links_spline')")


def test_a_link_tells_what_flows_in_it(artist: Person) -> None:
    page = artist.page
    page.evaluate("() => window.easel.session.update('1', { outputs: [{ type: 'IMAGE', text: '2 images 512×768' }] })")
    # Where nothing happens nothing is painted: a card that comes is one painter more.
    before = painters(artist)
    page.mouse.move(*on_link(artist, 1, 2))
    page.wait_for_timeout(120)
    assert painters(artist) == before
    artist.until("before => window.easel.editor.painters.size === before + 1", before)
    shoot(artist, "card")
    page.mouse.move(*artist.void())
    assert painters(artist) == before
