/**
 * What this pack adds to the page: a widget, a command and a panel. docs/extending-the-page.md explains every line.
 */
export const version = 1

export function activate(easel) {
  customElements.define('easel-example-stars', Stars)
  easel.registerNodeWidget('easel_example.stars', { element: 'easel-example-stars' })

  easel.registerCommand({
    id: 'longest_prompt',
    label: 'Find the longest text (Example)',
    enabled: () => easel.graph.nodes().length > 0,
    run() {
      const length = node => Math.max(0, ...Object.values(node.values).map(value => (typeof value === 'string' ? value.length : 0)))
      const [longest] = easel.graph.nodes().toSorted((a, b) => length(b) - length(a))
      easel.graph.reveal(longest.id)
    },
  })

  easel.registerPanel({
    id: 'counts',
    title: 'Nodes by type (Example)',
    fill(body) {
      const list = body.appendChild(document.createElement('ul'))
      const draw = () => {
        const counts = Map.groupBy(easel.graph.nodes(), node => node.type)
        list.replaceChildren(...[...counts].map(([type, nodes]) => Object.assign(document.createElement('li'), { textContent: `${type}: ${nodes.length}` })))
      }
      draw()
      return easel.onEvent('graph', draw) // what ends it is called when the panel closes
    },
  })
}

/** A rating from 0 to 5, by mouse, finger or arrow keys. The page gives it `widget`, and gives it anew when the value changes. */
class Stars extends HTMLElement {
  #widget = null

  connectedCallback() {
    Object.assign(this.style, { display: 'flex', justifyContent: 'space-evenly', alignItems: 'center', cursor: 'pointer', letterSpacing: '2px' })
    this.tabIndex = 0
    this.setAttribute('role', 'slider')
    this.setAttribute('aria-valuemin', '0')
    this.setAttribute('aria-valuemax', '5')
    this.addEventListener('click', event => {
      const { left, width } = this.getBoundingClientRect()
      this.#set(Math.ceil(((event.clientX - left) / width) * 5))
    })
    this.addEventListener('keydown', event => {
      const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key]
      if (!by) return
      event.preventDefault()
      event.stopPropagation()
      this.#set(this.#widget.value + by)
    })
  }

  set widget(widget) {
    this.#widget = widget
    this.textContent = '★'.repeat(widget.value) + '☆'.repeat(5 - widget.value)
    this.style.opacity = widget.disabled ? '0.5' : ''
    this.setAttribute('aria-valuenow', widget.value)
    this.setAttribute('aria-label', widget.name)
  }

  #set(value) {
    if (!this.#widget.disabled) this.#widget.set(Math.min(5, Math.max(0, value)))
  }
}
