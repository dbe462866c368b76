"""Files are written by `graph/whole_files.py`: whole, on the disk, under their name in one step. Others say why not."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PRODUCT = ("api", "graph", "models", "nodes", "worker.py", "pictures.py", "server.py")
TOOLS = ("models/train/", "models/convert/", "models/tokenizer/")
"""Programs for those who work on Easel: what they write is made again."""

ALLOWED = {
    "graph/whole_files.py": "the one place",
    "models/numbered.py": "results: the same, under a number that is free",
    "api/accounts/audit_file.py": "lines at the end of a file, each with fsync",
    "models/video_encoding.py": "into memory, or into a temporary file of nodes/video.py",
    "nodes/compat/comfy_api/latest/_saving.py": "into memory",
    "api/lock.py": "holds a lock; what is in it is only for reading",
    "api/setup.py": "runs before anything else may be imported",
    "api/joined.py": "the page's joined files: checked when read, and made again",
    "api/backup/make.py": "members of the zip, which is whole or not there",
    "api/krita/images.py": "pictures that last until the next start",
    "api/model_routes.py": "a cover in the system's temporary folder, while it is read",
    "api/room.py": "sees whether a folder can be written",
    "api/packs/environments.py": "a folder to build in, gone afterwards",
    "nodes/packs/approved.py": "compiled code: checked when read, and made again",
    "nodes/packs/apart/values.py": "tensors on their way to another process",
}

MAY_WRITE = re.compile(r"open|write_|copy|mkstemp|Temp|rename|\.replace\(|save|tofile")
"""Files without any of these are not read further."""
WRITES = {"write_text", "write_bytes", "copyfile", "copytree", "copy2", "mkstemp", "NamedTemporaryFile", "savetxt"}
MOVES = {"rename", "replace", "renames"}
SAVES = {"save", "save_file", "savez", "tofile"}
"""Of libraries: into a path or into memory; only the former counts."""
IN_MEMORY = ("buffer", "out", "file", "BytesIO")


def sources() -> Iterator[Path]:
    for part in PRODUCT:
        place = ROOT / part
        yield from [place] if place.is_file() else sorted(place.rglob("*.py"))


def writes(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and name of each call that opens a file for writing, writes one, or puts one in another's place."""
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if name == "to_thread" and call.args:  # what another thread is to call
            call = ast.Call(call.args[0], call.args[1:], call.keywords, lineno=call.lineno)
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if name in WRITES or (name in MOVES and _is_of_a_path(call)) or (name in SAVES and _into_a_path(call)):
            yield call.lineno, name
        elif name in ("open", "fdopen") and _mode(call, name) & set("wax+"):
            yield call.lineno, f"{name} for writing"


def _is_of_a_path(call: ast.Call) -> bool:
    """`path.replace(target)` and `os.replace(a, b)`; not a text's `replace(old, new)`, a dataclass's or our own."""
    if not isinstance(call.func, ast.Attribute) or call.keywords:
        return False
    of_os = isinstance(call.func.value, ast.Name) and call.func.value.id in ("os", "shutil")
    return of_os or len(call.args) == 1


def _into_a_path(call: ast.Call) -> bool:
    """`image.save(buffer)` and `data = save(tensors)` stay in memory."""
    if not call.args or not isinstance(call.func, ast.Attribute | ast.Name):
        return False
    texts = [ast.unparse(argument) for argument in call.args]
    if isinstance(call.func, ast.Name) and call.func.id == "save":
        return False
    return not any(word in text for text in texts[:2] for word in (*IN_MEMORY, "made"))


def _mode(call: ast.Call, name: str) -> set[str]:
    """The letters of the mode that a file is opened in; `r` where none is given."""
    given = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
    given += [word.value.value for word in call.keywords if word.arg == "mode" and isinstance(word.value, ast.Constant)]
    modes = [mode for mode in given if isinstance(mode, str) and 0 < len(mode) <= 3 and set(mode) <= set("rwaxbt+")]
    if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name) and call.func.value.id == "os":
        return set("w") if name == "open" and "O_WRONLY" in ast.unparse(call) else set(modes[0] if modes else "r")
    return set(modes[0] if modes else "r")


def test_files_are_written_in_one_place() -> None:
    found: dict[str, list[str]] = {}
    for path in sources():
        place = path.relative_to(ROOT).as_posix()
        if place in ALLOWED or place.startswith(TOOLS):
            continue
        text = path.read_text("utf-8")
        for line, what in writes(ast.parse(text)) if MAY_WRITE.search(text) else ():
            found.setdefault(place, []).append(f"{place}:{line} {what}")
    assert not found, "use graph.whole_files:\n" + "\n".join(line for lines in found.values() for line in lines)


def test_what_is_allowed_is_there() -> None:
    assert [place for place in ALLOWED if not (ROOT / place).is_file()] == []
    idle = [place for place in ALLOWED if not list(writes(ast.parse((ROOT / place).read_text("utf-8"))))]
    assert idle == []


def test_each_way_of_writing_is_seen() -> None:
    lines = """
path.write_text(x)
path.write_bytes(x)
open(name, "w")
path.open("ab")
path.open(mode="r+b")
os.fdopen(handle, "wb")
os.open(name, os.O_WRONLY | os.O_CREAT)
os.replace(a, b)
path.replace(target)
path.rename(target)
shutil.copyfile(a, b)
image.save(path)
save_file(tensors, path)
""".strip().splitlines()
    for line in lines:
        assert len(list(writes(ast.parse(line)))) == 1, line
    harmless = """
open(name)
path.open("rb")
text.replace("a", "b")
replace(entry, name=name)
image.save(buffer, "PNG")
worker.replace()
""".strip().splitlines()
    for line in harmless:
        assert list(writes(ast.parse(line))) == [], line
