"""Pictures of other programs dropped, pasted, opened: their text becomes a graph that runs; bad ones are told."""

from __future__ import annotations

import gzip
import io
import json
import time
from pathlib import Path

from PIL import Image, PngImagePlugin
from playwright.sync_api import expect

from tests.browser.person import Person

A1111 = """a red fox (snow:1.2){tag}
Negative prompt: fog
Steps: 3, Sampler: DPM++ 2M, Schedule type: Normal, CFG scale: 6.5, Seed: {seed}, Size: 64x96, Model: painter, {more}"""


def picture(**texts: str) -> bytes:
    info = PngImagePlugin.PngInfo()
    for keyword, text in texts.items():
        info.add_text(keyword, text)
    data = io.BytesIO()
    Image.new("RGB", (32, 32), "teal").save(data, "PNG", pnginfo=info)
    return data.getvalue()


def types(person: Person) -> list[str]:
    return [node["type"] for node in person.workflow["nodes"]]


def test_a_dropped_a1111_picture_becomes_a_graph_that_runs(person: Person) -> None:
    seed = time.time_ns() % 2**31
    text = A1111.format(seed=seed, tag="", more="ADetailer model: face")
    person.load({"nodes": [], "links": []})
    person.drop("theirs.png", picture(parameters=text), "image/png", person.void())
    toast = person.page.locator(".toast")
    expect(toast).to_contain_text("theirs.png: a graph was made of the text of AUTOMATIC1111.")
    expect(toast).to_contain_text("ADetailer")
    graph = person.workflow
    assert [group["title"] for group in graph["groups"]] == ["Model", "Prompt", "Draw", "Result"]
    note = next(node for node in graph["nodes"] if node["type"] == "Note")
    assert "ADetailer model: face" in note["widgets_values"][0]
    person.run()
    person.page.get_by_role("button", name="Result").first.wait_for()
    sampler = next(node for node in person.prompt.values() if node["class_type"] == "KSampler")
    assert sampler["inputs"]["seed"] == seed
    assert sampler["inputs"]["sampler_name"] == "dpmpp_2m"
    # On a node that takes no picture: its graph once more, under a name of its own.
    person.drop("theirs.png", picture(parameters=text), "image/png", person.point(note["id"]))
    expect(person.page.get_by_role("tab", selected=True)).to_have_accessible_name("theirs (2), not saved")
    expect(person.page.get_by_role("tab", name="theirs, not saved")).to_be_visible()


def test_a_text_is_pasted_and_a_webp_opened(person: Person, tmp_path: Path) -> None:
    person.load({"nodes": [], "links": []})
    person.page.locator("#overlay").focus()
    person.page.evaluate(
        """text => {
          const data = new DataTransfer()
          data.setData('text/plain', text)
          document.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))
        }""",
        A1111.format(seed=5, tag=" <lora:ink:0.6>", more="Version: v1.6.0"),
    )
    expect(person.page.locator(".toast")).to_contain_text("AUTOMATIC1111 v1.6.0")
    assert "LoraLoader" in types(person)
    exif = Image.Exif()
    exif[0x010F] = "workflow:" + json.dumps({"nodes": [{"id": 9, "type": "LoadImage", "pos": [0, 0]}], "links": []})
    path = tmp_path / "carrier.webp"
    Image.new("RGB", (8, 8)).save(path, exif=exif)
    with person.page.expect_file_chooser() as chooser:
        person.page.keyboard.press("Control+o")
    chooser.value.set_files(path)
    person.until("() => window.app.graph.nodes.length === 1")
    assert types(person) == ["LoadImage"]


def test_words_in_the_last_bits_of_a_picture_are_found(person: Person) -> None:
    seed = time.time_ns() % 2**31
    comment = json.dumps({"prompt": "{fox}", "uc": "fog", "sampler": "k_euler", "steps": 4, "seed": seed, "scale": 5})
    packed = gzip.compress(json.dumps({"Software": "NovelAI", "Comment": comment}).encode())
    bits = "".join(f"{byte:08b}" for byte in b"stealth_pngcomp" + (len(packed) * 8).to_bytes(4, "big") + packed)
    image = Image.new("RGBA", (64, 64), (40, 90, 120, 255))
    alpha = image.getchannel("A")
    for index, bit in enumerate(bits):
        alpha.putpixel((index // 64, index % 64), 254 | int(bit))
    image.putalpha(alpha)
    data = io.BytesIO()
    image.save(data, "PNG")
    person.load({"nodes": [], "links": []})
    person.drop("hidden.png", data.getvalue(), "image/png", person.void())
    expect(person.page.locator(".toast")).to_contain_text("NovelAI")
    encoded = [node["inputs"]["text"] for node in person.prompt.values() if node["class_type"] == "CLIPTextEncode"]
    assert encoded == ["(fox:1.05)", "fog"]


def test_bad_files_are_told_in_words_and_change_nothing(person: Person, tmp_path: Path) -> None:
    person.load({"nodes": [{"id": 3, "type": "LoadImage", "pos": [0, 0]}], "links": []})
    huge = tmp_path / "huge.json"
    with huge.open("wb") as file:
        file.truncate(200 * 2**20)
    lying = tmp_path / "lying.json"
    lying.write_text(json.dumps({"nodes": "many", "filler": "x" * 3_000_000}))
    bare = tmp_path / "bare.png"
    Image.new("RGB", (8, 8)).save(bare)
    for path, words in (
        (huge, "huge.json is too large for a graph (200 MB)"),
        (lying, "The JSON in lying.json holds no graph"),
        (bare, "bare.png carries no graph"),
    ):
        with person.page.expect_file_chooser() as chooser:
            person.page.keyboard.press("Control+o")
        chooser.value.set_files(path)
        expect(person.page.locator(".toast").filter(has_text=words)).to_be_visible()
    assert types(person) == ["LoadImage"]
    newer = {"nodes": [{"id": 1, "type": "LoadImage", "pos": [0, 0], "later": {"kept": 1}}], "links": [], "version": 9}
    person.drop("newer.json", json.dumps({**newer, "invented": [1]}).encode(), "application/json", person.void())
    expect(person.page.locator(".toast").filter(has_text="is newer than this version of Easel")).to_be_visible()
    saved = person.workflow
    assert saved["invented"] == [1]
    assert saved["nodes"][0]["later"] == {"kept": 1}
