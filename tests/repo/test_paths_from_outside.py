"""Code of the control process that makes a path of a request's text without `graph.folders.inside` fails here.

What is looked at, within one function: values that come from a request (its address, query, headers, body, a form's
parts) and what is made of them, where they meet `/`, `Path(...)`, `joinpath`, `os.path.join`, `with_name` and the like.
What a function of the same file gives that asks `inside` itself counts as asked. A value that goes as an argument from
one function to another is not followed: there a review has to look.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCES = frozenset({"match_info", "query", "query_string", "rel_url", "raw_path", "headers", "cookies", "filename"})
"""Attributes of requests and of parts of forms."""
READERS = frozenset({"read_object", "read_json", "post", "multipart", "json"})
"""Calls that read a body."""
SAFE = frozenset({
    *("inside", "place", "find", "resolve", "root", "int", "float", "len", "bool", "fullmatch", "sha256", "mkstemp"),
})  # fmt: skip
"""Calls that give a path inside its folder, or nothing that could name one."""
RESOLVERS = frozenset({"inside", "place", "find", "resolve"})
LOOKUPS = frozenset({"get", "getall", "pop", "setdefault"})
"""What they give comes from where they look, not from the name that is looked up."""
JOINS = frozenset({"Path", "joinpath", "with_name", "with_stem", "with_suffix", "open", "glob", "rglob"})


def name_of(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


class Taint(ast.NodeVisitor):
    """Which names of one function hold what a request said, and where they become a path."""

    def __init__(self, safe: frozenset[str]) -> None:
        self.safe = safe
        self.names: set[str] = set()
        self.found: list[int] = []

    def comes_from_outside(self, node: ast.AST | None) -> bool:
        match node:
            case None:
                return False
            case ast.Name(id=name):
                return name in self.names
            case ast.Call() if name_of(node) in self.safe:
                return False
            case ast.Call(func=ast.Attribute(value=looked_in, attr=name)) if name in LOOKUPS:
                return self.comes_from_outside(looked_in)
            case ast.Subscript(value=looked_in):
                return self.comes_from_outside(looked_in)
            case ast.Attribute(attr="suffix"):
                return False
            case ast.Call() if name_of(node) in READERS and not (
                isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) in ("web", "json")
            ):
                return True
            case ast.Attribute(attr=attribute) if attribute in SOURCES:
                return True
            case ast.Compare():
                return False
            case _:
                return any(self.comes_from_outside(child) for child in ast.iter_child_nodes(node))

    def _assign(self, targets: list[ast.expr], value: ast.expr | None) -> None:
        names = {part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)}
        if self.comes_from_outside(value):
            self.names |= names
        else:
            self.names -= names

    def visit_Assign(self, node: ast.Assign) -> None:
        self.generic_visit(node)
        self._assign(node.targets, node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.generic_visit(node)
        self._assign([node.target], node.value)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.generic_visit(node)
        self._assign([node.target], node.value)

    def visit_For(self, node: ast.For) -> None:
        self._assign([node.target], node.iter)
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if isinstance(node.op, ast.Div) and (self.comes_from_outside(node.left) or self.comes_from_outside(node.right)):
            self.found.append(node.lineno)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        joins = name_of(node) in JOINS or ast.unparse(node.func) == "os.path.join"
        if joins and any(map(self.comes_from_outside, node.args)):
            self.found.append(node.lineno)
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if node.attr != "suffix":  # `Path(name).suffix` names nothing
            self.generic_visit(node)


def faults(source: str) -> list[int]:
    """Lines where a path is made of a request's text."""
    found: list[int] = []
    tree = ast.parse(source)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    ask = {
        function.name
        for function in functions
        if any(isinstance(part, ast.Call) and name_of(part) in RESOLVERS for part in ast.walk(function))
    }
    for function in functions:
        taint = Taint(SAFE | ask)
        for statement in function.body:
            taint.visit(statement)
        found += taint.found
    return sorted(set(found))


@pytest.mark.parametrize(
    "line",
    [
        "return root / request.match_info['name']",
        "name = request.query.get('a', ''); return root / f'{name}.png'",
        "body = await read_object(request); return Path(root, body['name'])",
        "body = await read_object(request); name = str(body['x']).strip(); return os.path.join(root, name)",
        "return (root / 'a').with_name(part.filename)",
        "for part in request.query.getall('p'): open(part)",
    ],
)
def test_the_look_itself_finds(line: str) -> None:
    assert faults(f"async def f(request):\n  {line}")


@pytest.mark.parametrize(
    "line",
    [
        "return inside(root, request.match_info['name'])",
        "return folders.place(kind, request.query['x']) / 'a'",
        "n = int(request.query['n']); return root / str(n)",
        "a = request.query['n']; a = 'fixed'; return root / a",
        "return ', '.join(request.query)",
    ],
)
def test_the_look_itself_passes(line: str) -> None:
    assert not faults(f"async def f(request):\n  {line}")


def test_no_path_is_made_of_a_requests_text() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sorted((ROOT / "api").rglob("*.py"))
        for line in faults(path.read_text("utf-8"))
    ]
    assert not wrong, "these join what a request says to a path; let graph.folders.inside or Folders.place do it"
