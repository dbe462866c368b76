/**
 * Run in the page of either editor, after its own script: that one gives `window.subject`, this gives `window.bench`, and
 * both editors go through the same motions.
 *
 * subject: open(text), setView(x, y, zoom) with the canvas point in the middle, grab(id) the point of the page where a node
 * is taken, placeOf(id), move(ids) as one step that undo takes back, undo(), redo(), element, timed: {object, method} that
 * draws a frame.
 */
(() => {
  const PITCH = [300, 280]
  const { subject } = window
  const frame = () => new Promise(requestAnimationFrame)
  const drawn = []
  let count = 0

  const settle = async () => {
    await frame()
    await frame()
    await new Promise(resolve => setTimeout(resolve))
  }

  const { object, method } = subject.timed
  const draw = object[method]
  object[method] = function (...given) {
    const begun = performance.now()
    const result = draw.apply(this, given)
    drawn.push(performance.now() - begun)
    return result
  }

  const share = (sorted, part) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0
  const figures = values => {
    const sorted = values.toSorted((a, b) => a - b)
    return { median: share(sorted, 0.5), p95: share(sorted, 0.95), most: sorted.at(-1) ?? 0 }
  }

  const columns = () => Math.max(1, Math.round(Math.sqrt(count * 1.5)))
  const extent = () => [columns() * PITCH[0], Math.ceil(count / columns()) * PITCH[1]]

  /** Call `step` with the part of the time that is over, once a frame. */
  async function animate(ms, step) {
    drawn.length = 0
    const begun = await frame()
    const times = [begun]
    for (let part = 0; part < 1; ) {
      part = Math.min(1, (times.at(-1) - begun) / ms)
      step(part)
      times.push(await frame())
    }
    const gaps = times.slice(1).map((time, index) => time - times[index])
    return { frames: gaps.length, frame: figures(gaps), draw: figures(drawn), late: gaps.filter(gap => gap > 34).length }
  }

  function press(kind, [x, y], buttons) {
    subject.element.dispatchEvent(new PointerEvent(kind, {
      bubbles: true, cancelable: true, composed: true, view: window, clientX: x, clientY: y, screenX: x, screenY: y,
      button: kind === 'pointermove' ? -1 : 0, buttons, pointerId: 1, pointerType: 'mouse', isPrimary: true,
    }))
  }
  const capture = Element.prototype.setPointerCapture
  Element.prototype.setPointerCapture = function (id) {
    try {
      capture.call(this, id)
    } catch { /* no such pointer: it is ours */ }
  }

  window.bench = {
    /** From the file's text to the first full picture of all of it, in ms. */
    async open(text, nodes) {
      count = nodes
      await settle()
      const begun = performance.now()
      subject.open(text)
      const built = performance.now()
      const [width, height] = extent()
      if (subject.showsAll) subject.showsAll(width, height)
      await settle()
      return { build: built - begun, open: performance.now() - begun }
    },

    async pan(zoom, ms) {
      const [width, height] = extent()
      subject.setView(width / 2, height / 2, zoom)
      await settle()
      const reach = Math.min(600 / zoom, width / 2)
      return animate(ms, part => subject.setView(width / 2 + reach * Math.sin(part * 2 * Math.PI), height / 2 + reach * 0.5 * Math.sin(part * 4 * Math.PI), zoom))
    },

    async zoom(ms) {
      const [width, height] = extent()
      subject.setView(width / 2, height / 2, 0.1)
      await settle()
      return animate(ms, part => subject.setView(width / 2, height / 2, 0.1 * 10 ** part))
    },

    async drag(zoom, ms) {
      const id = Math.min(count, Math.floor(Math.ceil(count / columns()) / 2) * columns() + Math.floor(columns() / 2) + 1)
      const [left, top] = subject.placeOf(id)
      subject.setView(left + 120, top + 100, zoom)
      await settle()
      const [x, y] = subject.grab(id)
      press('pointermove', [x, y], 0)
      press('pointerdown', [x, y], 1)
      let farthest = 0
      const result = await animate(ms, part => {
        const turn = part * 2 * Math.PI
        press('pointermove', [x + 150 * Math.sin(turn) + 5, y + 100 * (1 - Math.cos(turn)) + 5], 1)
        const [nowX, nowY] = subject.placeOf(id)
        farthest = Math.max(farthest, Math.hypot(nowX - left, nowY - top))
      })
      press('pointerup', [x + 5, y + 5], 0)
      if (farthest < 20) throw new Error('the node did not move')
      return result
    },

    /** Medians of taking a step back and forth, in ms: of one node, and of all. */
    async undo(rounds) {
      const result = {}
      for (const [name, ids] of [['one', [Math.ceil(count / 2)]], ['all', Array.from({ length: count }, (_, index) => index + 1)]]) {
        const times = { undo: [], redo: [] }
        for (let round = 0; round < rounds; round++) {
          subject.move(ids, 40)
          await settle()
          for (const way of ['undo', 'redo', 'undo']) {
            const begun = performance.now()
            subject[way]()
            times[way].push(performance.now() - begun)
            await settle()
          }
        }
        result[name] = { undo: figures(times.undo).median, redo: figures(times.redo).median }
      }
      return result
    },
  }
})()
