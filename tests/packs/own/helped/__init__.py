"""Help: the docstring is the page; files beside the code say more."""

from __future__ import annotations

from graph.node import node


@node("OwnGreet", category="examples", title="Greet", tooltips={"name": "Whom to greet."}, outputs=("words",))
def greet(name: str = "you") -> str:
    """Say hello.

    ## When to use it

    - in the *morning*
    """
    return f"Hello, {name}!"


@node("OwnPart", category="examples", title="Part")
def part(name: str = "you") -> str:
    """Say goodbye."""
    return f"Goodbye, {name}!"
