"""axe-core over a page: what of it shuts people out. Only what it calls serious or critical counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

AXE = Path(__file__).resolve().parent.parent.parent / "web" / "node_modules" / "axe-core" / "axe.min.js"
RUN = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ['violations'] })
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, help, nodes }) => [`${id}: ${help}`, ...nodes.slice(0, 6).flatMap(({ html, failureSummary }) =>
      [html.slice(0, 160), failureSummary.split('\\n').slice(1).join(' ').trim().slice(0, 220)])].join('\\n  '))
}"""


def serious(page: Any) -> str:
    """What axe-core finds serious, in words; empty where there is nothing."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text())
    return "\n".join(page.evaluate(RUN))
