"""What a person does at the page: looks, points, types. It reaches into the page only to find where to point."""

from __future__ import annotations

import base64
import time
from pathlib import Path
from typing import Any

from tests.server.harness import Server

FIND = """([id, where]) => {
  const { editor } = window.easel
  const box = document.getElementById('overlay').getBoundingClientRect()
  const onPage = point => { const { x, y } = editor.toScreen(point); return [x + box.left, y + box.top] }
  if (where === 'void') {
    for (let y = 40; y < box.height - 40; y += 20) {
      for (let x = 40; x < box.width - 40; x += 20) {
        const near = [[0, 0], [30, 0], [-30, 0], [0, 30], [0, -30]]
        const free = near.every(([dx, dy]) => editor.targetAt({ x: x + dx, y: y + dy }).kind === 'canvas')
        const clear = document.elementFromPoint(x + box.left, y + box.top)?.id === 'overlay'
        if (free && clear) return [x + box.left, y + box.top]
      }
    }
    throw new Error('nothing but nodes')
  }
  const node = editor.store.node('node:' + id)
  if (!node) throw new Error('no node ' + id)
  const { layout } = editor.scene.view(node)
  const [part, name] = where.split(':')
  const middle = ({ x, y, w, h }) => ({ x: x + w / 2, y: y + h / 2 })
  const places = {
    title: () => ({ x: layout.width / 2, y: -15 }),
    in: () => layout.sockets.find(socket => socket.side === 'in' && socket.name === name),
    out: () => layout.sockets.find(socket => socket.side === 'out' && socket.name === name),
    widget: () => middle(layout.widgets.find(widget => widget.name === name).field),
    button: () => middle(layout.widgets.find(widget => widget.name === name).button),
    picture: () => middle(layout.picture),
  }
  const place = places[part]()
  return onPage({ x: node.pos[0] + place.x, y: node.pos[1] + place.y })
}"""


class Person:
    def __init__(self, page: Any, server: Server) -> None:
        self.page = page
        self.server = server
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(f"{error}\n{getattr(error, 'stack', '')}"))
        page.on("console", self._hear)
        # The browser's own dialog is held back only while somebody listens: between two waits for one it could open.
        page.on("filechooser", lambda _: None)

    def _hear(self, message: Any) -> None:
        # A refused prompt is a 400 that the browser also logs; the page shows it.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.errors.append(message.text)

    def open(self, path: str = "/") -> None:
        self.page.goto(path)
        self.wait_ready()

    def wait_ready(self) -> None:
        self.page.wait_for_selector("html[data-ready]")

    def load(self, graph: Any) -> None:
        """Put a graph on the canvas, as an extension would."""
        self.page.evaluate("json => window.app.loadGraphData(json)", graph)

    @property
    def workflow(self) -> dict[str, Any]:
        return self.page.evaluate("() => window.app.graph.serialize()")

    @property
    def prompt(self) -> dict[str, Any]:
        return self.page.evaluate("async () => (await window.app.graphToPrompt()).output")

    def status(self, node: int | str) -> dict[str, Any]:
        return self.page.evaluate(
            "id => { const status = window.easel.session.status(id); return { ...status, preview: !!status.preview } }",
            str(node),
        )

    def until(self, question: str, argument: Any = None, timeout: float = 20_000) -> Any:
        """Wait until the page's answer is true."""
        return self.page.wait_for_function(question, arg=argument, timeout=timeout, polling=50)

    def idle(self) -> None:
        self.until("() => window.easel.session.server.queued === 0 && window.easel.session.run.state !== 'running'")

    def run(self, keys: str = "Control+Enter") -> None:
        """Press the keys that run the graph and wait for its end."""
        before = self.page.evaluate("() => window.easel.session.run.promptId")
        self.page.keyboard.press(keys)
        self.until("before => window.easel.session.run.promptId !== before", before)
        self.idle()

    def point(self, node: int | str, where: str = "title") -> tuple[float, float]:
        """Where something on a node is, in pixels of the page."""
        x, y = self.page.evaluate(FIND, [str(node), where])
        return x, y

    def click(self, node: int | str, where: str = "title", **options: Any) -> None:
        self.page.mouse.click(*self.point(node, where), **options)

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        mouse = self.page.mouse
        mouse.move(*start)
        mouse.down()
        mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, steps=4)
        mouse.move(*end, steps=4)
        mouse.up()

    def void(self) -> tuple[float, float]:
        """A place on the canvas where nothing is."""
        x, y = self.page.evaluate(FIND, ["", "void"])
        return x, y

    def drop(self, name: str, data: bytes, kind: str, at: tuple[float, float]) -> None:
        """Drop a file from the desktop."""
        self.page.evaluate(
            """([name, kind, text, x, y]) => {
                const bytes = Uint8Array.from(atob(text), letter => letter.charCodeAt(0))
                const data = new DataTransfer()
                data.items.add(new File([bytes], name, { type: kind }))
                const target = document.elementFromPoint(x, y)
                for (const type of ['dragenter', 'dragover', 'drop']) {
                    const where = { clientX: x, clientY: y, bubbles: true, cancelable: true }
                    target.dispatchEvent(new DragEvent(type, { dataTransfer: data, ...where }))
                }
            }""",
            [name, kind, base64.b64encode(data).decode(), *at],
        )

    def shoot(self, path: Path) -> None:
        time.sleep(0.25)  # transitions end
        self.page.screenshot(path=path)
