# pyright: basic
# (Packs read and change these names as they like, and paths are texts to them.)
"""ComfyUI's `folder_paths`: where files lie, by kind. Packs add kinds and folders to `folder_names_and_paths`.

What they add is passed on to Easel's own index (`graph.folders`) before anything is looked up; the listing is that
index's, so that asking for it is cheap.
"""

from __future__ import annotations

import mimetypes
import os
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from graph.errors import FileNameError
from graph.folders import KIND_SYNONYMS, MEDIA_EXTENSIONS, MODEL_EXTENSIONS, OWN_KINDS, FolderKind, inside
from nodes.compat.file_names import FileNames
from nodes.compat.host import host, own_folders, running
from nodes.compat.looked import note
from nodes.naming import expand

supported_pt_extensions: set[str] = set(MODEL_EXTENSIONS)
extension_mimetypes_cache: dict[str, str] = {"webp": "image", "fbx": "model"}
FOLDER = "folder"
"""In place of an extension: what is listed are folders."""


class _Kinds(dict[str, tuple[list[str], set[str]]]):
    """Kind → (folders, extensions), under the kinds' present names; the older ones are understood as well."""

    def __missing__(self, kind: str) -> tuple[list[str], set[str]]:
        newer = KIND_SYNONYMS.get(kind)
        if newer is None:
            raise KeyError(kind)
        return self[newer]

    def get(self, kind: str, default: Any = None) -> Any:
        return super().get(KIND_SYNONYMS.get(kind, kind), default)


def _from_host() -> _Kinds:
    kinds = _Kinds()
    for name, kind in host().folders.kinds.items():
        if name not in OWN_KINDS:
            extensions = {FOLDER} if kind.directories else set(kind.extensions or ())
            kinds[name] = ([str(root) for root in kind.roots], extensions)
    return kinds


def _folder(config_name: str, kind: str) -> str:
    """One of the person's folders: as the configuration has it, or else as the index has it."""
    given = host().config.get(config_name)
    roots = host().folders.roots(kind)
    return str(given) if given else str(roots[0]) if roots else str(Path.cwd() / kind)


folder_names_and_paths: dict[str, tuple[list[str], set[str]]] = _from_host()
_passed_on: dict[str, tuple[Any, ...]] = {}
_untold: dict[str, FolderKind] = {}

input_directory: str = _folder("input", "input")
output_directory: str = _folder("output", "output")
temp_directory: str = _folder("temp", "temp")
base_path: str = str(host().config.get("base") or Path(input_directory).parent)
models_dir: str = str(host().config.get("models") or Path(_folder("", "checkpoints")).parent)
user_directory: str = str(host().config.get("user") or Path(base_path) / "user")
filename_list_cache: dict[str, Any] = {}


class CacheHelper:
    """Keeps lists of files while it is entered. Easel's index is fresh by itself: nothing is kept, or cleared."""

    active: bool = False

    def get(self, key: str, default: Any = None) -> Any:
        return default

    def set(self, key: str, value: Any) -> None:
        pass

    def clear(self) -> None:
        pass

    def __enter__(self) -> CacheHelper:
        return self

    def __exit__(self, *_: object) -> None:
        pass


cache_helper = CacheHelper()


def changed_kinds() -> dict[str, FolderKind]:
    """The kinds that packs have added or changed since this was last asked, for the control process."""
    _pass_on()
    found = dict(_untold)
    _untold.clear()
    return found


def _pass_on() -> None:
    """Have the index know what packs have added or changed."""
    for name, entry in folder_names_and_paths.items():
        if name in OWN_KINDS:  # where the person's own files lie is theirs to say
            continue
        try:
            roots, extensions = entry[0], entry[1]
            slot = (*map(str, roots), None, *sorted(map(str, extensions)))
            if _passed_on.get(name) == slot:
                continue
            folders = FOLDER in extensions
            suffixes = frozenset(str(extension).lower() for extension in extensions)
            kind = FolderKind(
                tuple(Path(os.path.abspath(root)) for root in roots),
                None if folders or not suffixes else suffixes,
                directories=folders,
            )
        except (TypeError, IndexError):
            continue  # no pair of folders and extensions: whoever looks it up is told
        _passed_on[name] = slot
        if host().folders.kinds.get(name) != kind:
            host().folders.set_kind(name, kind)
            _untold[name] = kind


def map_legacy(folder_name: str) -> str:
    return KIND_SYNONYMS.get(folder_name, folder_name)


# Kinds of model files


def add_model_folder_path(folder_name: str, full_folder_path: str, is_default: bool = False) -> None:
    """is_default: new files go there, and it is searched first."""
    name, path = map_legacy(folder_name), str(full_folder_path)
    if name not in folder_names_and_paths:
        folder_names_and_paths[name] = ([path], set())
        return
    folders = folder_names_and_paths[name][0]
    if path in folders and is_default and folders[0] != path:
        folders.remove(path)
    if path not in folders:
        folders.insert(0 if is_default else len(folders), path)


def get_folder_paths(folder_name: str) -> list[str]:
    """KeyError for an unknown kind."""
    return folder_names_and_paths[map_legacy(folder_name)][0][:]


def get_filename_list(folder_name: str) -> list[str]:
    """Names of all files of a kind. KeyError for an unknown one."""
    name = map_legacy(folder_name)
    if name not in folder_names_and_paths:
        raise KeyError(folder_name)
    note()
    _pass_on()
    return FileNames(own_folders().list(name), kind=name)


def get_filename_list_(folder_name: str) -> tuple[list[str], dict[str, float], float]:
    """(names, times of the folders, time of asking)."""
    return get_filename_list(folder_name), {}, datetime.now().timestamp()


def cached_filename_list(folder_name: str) -> None:
    """No list is kept here: the index behind `get_filename_list` is the cache."""


def get_full_path(folder_name: str, filename: str) -> str | None:
    """The file's path; None where there is no such file or kind."""
    name = map_legacy(folder_name)
    if name not in folder_names_and_paths:
        return None
    _pass_on()
    try:
        found = own_folders().find(name, str(filename).lstrip("/\\"))
    except FileNameError:
        return None
    return None if found is None else str(found)


def get_full_path_or_raise(folder_name: str, filename: str) -> str:
    found = get_full_path(folder_name, filename)
    if found is None:
        raise FileNotFoundError(f"There is no file {filename!r} in the {folder_name} folder.")
    return found


def recursive_search(
    directory: str, excluded_dir_names: Sequence[str] | None = None
) -> tuple[list[str], dict[str, float]]:
    """(files below a folder by relative name, folder → its time of change). Links are followed."""
    files: list[str] = []
    times: dict[str, float] = {}
    excluded = set(excluded_dir_names or ())
    for folder, inner, names in os.walk(directory, followlinks=True):
        inner[:] = [name for name in inner if name not in excluded]
        times[folder] = os.path.getmtime(folder)
        files += [os.path.relpath(os.path.join(folder, name), directory) for name in names]
    return files, times


def filter_files_extensions(files: Iterable[str], extensions: Iterable[str]) -> list[str]:
    """Those with one of these endings, sorted; all where none is named."""
    wanted = {extension.lower() for extension in extensions}
    return sorted(file for file in files if not wanted or FOLDER in wanted or Path(file).suffix.lower() in wanted)


def filter_files_content_types(
    files: Iterable[str], content_types: Sequence[Literal["image", "video", "audio", "model"]]
) -> list[str]:
    """Those that hold such content, told by their endings, in the order given."""
    return [file for file in files if _content(file) in content_types]


def _content(file: str) -> str:
    suffix = Path(file).suffix.lower()
    known = extension_mimetypes_cache.get(suffix[1:])
    if known is None:
        known = next((media for media, endings in MEDIA_EXTENSIONS.items() if suffix in endings), None)
    if known is None:
        guessed, _ = mimetypes.guess_type(file, strict=False)
        known = (guessed or "").partition("/")[0]
    return known


# The person's folders


def _own(kind: str, base: str) -> str:
    """The folder of the person for whom code runs: `base` for the first one, and where it runs for nobody."""
    folders = own_folders()
    return base if folders is host().folders or kind not in folders.kinds else str(folders.root(kind))


def taken_early(folder: str) -> str:
    """A folder as the pack has it; where it took that when it was imported, the one of the person who runs it now."""
    base = {input_directory: "input", output_directory: "output", temp_directory: "temp"}.get(os.fspath(folder))
    return folder if base is None else str(get_directory_by_type(base))


def get_output_directory() -> str:
    return _own("output", output_directory)


def get_input_directory() -> str:
    return _own("input", input_directory)


def get_temp_directory() -> str:
    return _own("temp", temp_directory)


def get_user_directory() -> str:
    return user_directory


def get_system_user_directory(name: str = "system") -> str:
    return os.path.join(user_directory, f"__{name}")


def get_public_user_directory(user_id: str) -> str | None:
    """None for an id that would leave the folder of users, or name what is the server's own there."""
    try:
        return None if user_id.startswith("__") else str(inside(user_directory, user_id))
    except FileNameError:
        return None


def set_output_directory(output_dir: str) -> None:
    global output_directory
    output_directory = output_dir


def set_input_directory(input_dir: str) -> None:
    global input_directory
    input_directory = input_dir


def set_temp_directory(temp_dir: str) -> None:
    global temp_directory
    temp_directory = temp_dir


def set_user_directory(user_dir: str) -> None:
    global user_directory
    user_directory = user_dir


def get_directory_by_type(type_name: str) -> str | None:
    """`output`, `temp` or `input`; None for any other word."""
    known = {"output": get_output_directory, "temp": get_temp_directory, "input": get_input_directory}.get(type_name)
    return None if known is None else known()


def get_directory(type_name: str) -> str | None:
    return get_directory_by_type(type_name)


def get_input_subfolders() -> list[str]:
    """The folders below the input folder, by relative name, sorted."""
    found = []
    root = get_input_directory()
    for folder, inner, _ in os.walk(root):
        inner[:] = [name for name in inner if not name.startswith(".")]
        found += [os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/") for name in inner]
    return sorted(found)


# Names with a note of their folder


def annotated_filepath(name: str) -> tuple[str, str | None]:
    """`cat.png [output]` → (`cat.png`, the output folder); None where there is no note."""
    for kind in OWN_KINDS:
        if name.endswith(f"[{kind}]"):
            return name[: -len(kind) - 2].rstrip(" "), get_directory_by_type(kind)
    return name, None


def get_annotated_filepath(name: str, default_dir: str | None = None) -> str:
    """The path that such a name has; without a note in `default_dir`, or else the input folder.

    FileNameError for one that leaves its folder.
    """
    short, folder = annotated_filepath(name)
    place = folder or (taken_early(default_dir) if default_dir else get_input_directory())
    return str(inside(place, short))


def exists_annotated_filepath(name: str) -> bool:
    try:
        return os.path.exists(get_annotated_filepath(name))
    except FileNameError:
        return False


def get_save_image_path(
    filename_prefix: str, output_dir: str, image_width: int = 0, image_height: int = 0
) -> tuple[str, str, int, str, str]:
    """(folder, file name, next free number, subfolder, prefix) for files `NAME_00001_.png`; the folder is made.

    Patterns such as %date:yyyy-MM-dd%, %width% and %KSampler.seed% are filled in.
    """
    output_dir = taken_early(output_dir)
    context = running()
    prompt = context.prompt if context is not None and "%" in filename_prefix else None
    prefix = expand(filename_prefix, prompt, image_width, image_height, datetime.now())
    # A prefix that is empty or ends in a slash names a folder, and what is left of the name is the number.
    place = inside(output_dir, prefix if prefix and not prefix.endswith(("/", "\\")) else prefix + "_")
    name = place.name if place.name != "_" else ""
    place.parent.mkdir(parents=True, exist_ok=True)
    subfolder = place.parent.relative_to(output_dir).as_posix()
    numbered = re.compile(re.escape(name) + r"_(\d+)", re.IGNORECASE)
    found = (numbered.match(entry.name) for entry in os.scandir(place.parent))
    counter = max((int(match[1]) for match in found if match is not None), default=0) + 1
    return str(place.parent), name, counter, "" if subfolder == "." else subfolder, prefix
