/** Our page, as the bench's harness asks for it. */
(() => {
  const { editor, graph } = window.easel
  const { store } = editor
  window.subject = {
    element: editor.overlay,
    timed: { object: editor.renderer, method: 'drawNow' },
    open: text => void graph.open(JSON.parse(text)), // shows all of it
    setView(x, y, zoom) {
      const { w, h } = editor.viewSize
      editor.setCamera({ x: x - w / 2 / zoom, y: y - h / 2 / zoom, zoom })
    },
    grab(id) {
      const [x, y] = store.node(`node:${id}`).pos
      const point = editor.toScreen({ x: x + 60, y: y - 15 })
      const box = editor.overlay.getBoundingClientRect()
      return [point.x + box.left, point.y + box.top]
    },
    placeOf: id => store.node(`node:${id}`).pos,
    move(ids, by) {
      store.transact('Move', () => {
        for (const id of ids) {
          const [x, y] = store.node(`node:${id}`).pos
          store.update(`node:${id}`, { pos: [x + by, y] })
        }
      })
    },
    undo: () => store.undo(),
    redo: () => store.redo(),
  }
})()
