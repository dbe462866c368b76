"""What a file name in a graph means: which folders a kind of file lives in, and how names become paths.

Names are relative, with `/` between parts, and the same on every system. A name that comes from outside becomes a path
only here, by `inside` or `Folders.resolve`; neither ever leads out of its folder.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from graph.errors import FileNameError
from graph.file_names import parts_of, shown
from graph.listing import Listing
from graph.types import JsonObject

MODEL_EXTENSIONS = frozenset({".ckpt", ".pt", ".pt2", ".bin", ".pth", ".safetensors", ".sft", ".pkl"})

MODEL_KINDS: Mapping[str, tuple[str, ...]] = {
    "checkpoints": ("checkpoints",),
    "configs": ("configs",),
    "loras": ("loras",),
    "vae": ("vae",),
    "text_encoders": ("text_encoders", "clip"),
    "diffusion_models": ("unet", "diffusion_models"),
    "clip_vision": ("clip_vision",),
    "style_models": ("style_models",),
    "embeddings": ("embeddings",),
    "diffusers": ("diffusers",),
    "vae_approx": ("vae_approx",),
    "controlnet": ("controlnet", "t2i_adapter"),
    "gligen": ("gligen",),
    "upscale_models": ("upscale_models",),
    "hypernetworks": ("hypernetworks",),
    "photomaker": ("photomaker",),
    "classifiers": ("classifiers",),
    "model_patches": ("model_patches",),
    "audio_encoders": ("audio_encoders",),
}
"""Kinds of model files and the folders under the models directory that hold them."""

KIND_SYNONYMS: Mapping[str, str] = {"unet": "diffusion_models", "clip": "text_encoders"}
"""Older names of kinds."""

MEDIA_EXTENSIONS: Mapping[str, frozenset[str]] = {
    "image": frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".avif", ".ppm", ".pgm"}),
    "video": frozenset({".mp4", ".webm", ".mkv", ".mov", ".avi", ".m4v"}),
    "audio": frozenset({".wav", ".mp3", ".flac", ".ogg", ".opus", ".m4a", ".aac"}),
    "latent": frozenset({".latent"}),
}
"""Extensions by content, for `FileChoice.media`."""

OWN_KINDS = ("input", "output", "temp")
"""Folders whose files a name may also reach with a note at its end: `cat.png [output]`."""
FIRST_PERSON = "default"
"""Whose files lie in these folders themselves; each other person's lie in a folder below, `people/ID`."""
PEOPLE = "people"
NO_MODELS = frozenset({*OWN_KINDS, "custom_nodes"})
"""Kinds that whoever asks for model files is told nothing of: packs that nobody has approved are among them."""

_ANNOTATION = re.compile(r"^(?P<name>.*?) ?\[(?P<kind>input|output|temp)\]$", re.DOTALL)
_PERSON = re.compile(r"[0-9A-Za-z_-]{1,100}")


State = tuple[int, ...]
Names = list[str]


def inside(root: str | Path, name: str, *, follow: bool = False, new: bool = False) -> Path:
    """The path that `name`, which comes from outside, has under `root`; the file need not exist.

    follow: whether links inside `root` that the user made may lead out of it, as they may in model folders.
    new: the name is given to a new file, so that it must also be one that every system allows (`graph.file_names`).
    Raises FileNameError: an absolute name, a drive, `..`, a NUL, a link that leads out, or what else is not allowed.
    """
    path = Path(root, *parts_of(name, new=new))
    if not follow:
        try:
            out = not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))
        except OSError:  # links in a circle, on some systems
            out = True
        if out:
            raise FileNameError(f"The name {shown(name)} leads out of its folder through a link.")
    return path


def own_folder(person: str) -> str:
    """Where a person's files lie below the folders; empty for the first one, whose the folders are."""
    return "" if person == FIRST_PERSON else f"{PEOPLE}/{person}"


def split_annotation(name: str, default: str = "input") -> tuple[str, str]:
    """`cat.png [output]` → (`cat.png`, `output`); without a note the kind is `default`."""
    match = _ANNOTATION.match(name)
    return (match["name"], match["kind"]) if match else (name, default)


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells a file from its former self, without reading it."""

    size: int
    """Bytes."""
    mtime: int
    """Nanoseconds."""

    def __str__(self) -> str:
        return f"{self.size}:{self.mtime}"


@dataclass(frozen=True, slots=True)
class FolderKind:
    """Where one kind of file lives: its folders in the order in which they are searched."""

    roots: tuple[Path, ...]
    extensions: frozenset[str] | None = None
    """Lower case with the dot; None for every file."""
    follow: bool = True
    """Whether links may lead out of the folders."""
    directories: bool = False
    """Whether what is listed are folders, as for models of many files."""


@dataclass(slots=True)
class Folders:
    """Kinds of files by name. Lists are kept: only folders that have changed are read again."""

    kinds: dict[str, FolderKind]
    _listings: dict[tuple[Path, bool, bool], Listing] = field(
        default_factory=dict["tuple[Path, bool, bool]", Listing], repr=False, compare=False
    )
    _sorted: dict[tuple[str, str | None], tuple[State, Names]] = field(
        default_factory=dict["tuple[str, str | None]", "tuple[State, Names]"], repr=False, compare=False
    )
    _of_people: dict[str, Folders] = field(default_factory=dict[str, "Folders"], repr=False, compare=False)

    def kind(self, kind: str) -> FolderKind:
        """Raises FileNameError for an unknown kind."""
        found = self.kinds.get(KIND_SYNONYMS.get(kind, kind))
        if found is None:
            raise FileNameError(f"There is no folder for files of the kind {shown(kind)}.")
        return found

    def roots(self, kind: str) -> tuple[Path, ...]:
        """The folders of a kind; empty for an unknown one."""
        found = self.kinds.get(KIND_SYNONYMS.get(kind, kind))
        return found.roots if found else ()

    def root(self, kind: str) -> Path:
        """The first folder of a kind, where new files go. Raises FileNameError for an unknown kind."""
        return self.kind(kind).roots[0]

    def place(self, kind: str, name: str, *, new: bool = False) -> Path:
        """The path that a name from outside has in the first folder of a kind; the file need not exist.

        Raises FileNameError.
        """
        found = self.kind(kind)
        return inside(found.roots[0], name, follow=found.follow, new=new)

    def list(self, kind: str, media: str | None = None) -> list[str]:
        """Names of all files of a kind, sorted; empty for an unknown kind. Unreadable folders are passed over."""
        found = self.kinds.get(KIND_SYNONYMS.get(kind, kind))
        if found is None:
            return []
        listings = [self._listing(root, found) for root in found.roots]
        state = tuple(listing.look() for listing in listings)
        kept = self._sorted.get((kind, media))
        if kept is None or kept[0] != state:
            extensions = MEDIA_EXTENSIONS.get(media) if media else found.extensions
            names = {
                name
                for listing in listings
                for name in listing.names
                if extensions is None or PurePosixPath(name).suffix.lower() in extensions
            }
            kept = self._sorted[kind, media] = (state, sorted(names))
        return [*kept[1]]

    def state(self, kinds: Iterable[str]) -> State:
        """What is equal to an earlier answer as long as no file of these kinds has come or gone."""
        found = [self.kinds.get(KIND_SYNONYMS.get(kind, kind)) for kind in kinds]
        return tuple(self._listing(root, kind).look() for kind in found if kind is not None for root in kind.roots)

    def find(self, kind: str, name: str) -> Path | None:
        """The file's path, or None if there is none. Raises FileNameError for a name that leaves its folder.

        A name in `input`, `output` or `temp` may end with a note such as ` [output]`.
        """
        if kind in OWN_KINDS:
            name, kind = split_annotation(name, kind)
        found = self.kind(kind)
        if not name.strip("/\\. "):
            return None
        for root in found.roots:
            path = inside(root, name, follow=found.follow)
            if path.is_dir() if found.directories else path.is_file():
                return path
        return None

    def resolve(self, kind: str, name: str) -> Path:
        """The file's path. Raises FileNameError if there is none; the sentence says where it was looked for."""
        path = self.find(kind, name)
        if path is None:
            raise FileNameError(f"There is no file {shown(name)} in the {kind} folder.")
        return path

    def stamp(self, kind: str, name: str) -> Stamp | None:
        """Size and time of the file; None if there is none or the name is not allowed."""
        try:
            path = self.find(kind, name)
            status = path and path.stat()
        except (FileNameError, OSError):
            return None
        return status and Stamp(status.st_size, status.st_mtime_ns)

    def with_roots(self, kind: str, roots: Iterable[Path], *, first: bool = False) -> Folders:
        """The same with more folders for a kind, which may be new: searched after those it has, or before."""
        kind = KIND_SYNONYMS.get(kind, kind)
        old = self.kinds.get(kind, FolderKind((), MODEL_EXTENSIONS))
        new = [root for root in roots if root not in old.roots]
        merged = (*new, *old.roots) if first else (*old.roots, *new)
        changed = FolderKind(merged, old.extensions, old.follow, old.directories)
        return Folders({**self.kinds, kind: changed})

    def for_person(self, person: str) -> Folders:
        """The folders as this person has them: their own for what comes in and goes out, all others shared."""
        if person == FIRST_PERSON:
            return self
        found = self._of_people.get(person)
        if found is None:
            if not _PERSON.fullmatch(person):
                raise FileNameError(f"{shown(person)} is no person's id.")
            own = {
                kind: replace(self.kinds[kind], roots=(inside(self.root(kind), own_folder(person)),))
                for kind in OWN_KINDS
                if kind in self.kinds
            }
            found = self._of_people[person] = Folders({**self.kinds, **own}, self._listings)
        return found

    def set_kind(self, name: str, kind: FolderKind) -> None:
        """Add a kind, or give one other folders or endings, as packs do while they are imported."""
        self.kinds[name] = kind
        self._sorted.clear()
        self._of_people.clear()

    def to_json(self) -> JsonObject:
        return {
            name: {
                "roots": [str(root) for root in kind.roots],
                "extensions": None if kind.extensions is None else sorted(kind.extensions),
                "follow": kind.follow,
                "directories": kind.directories,
            }
            for name, kind in self.kinds.items()
        }

    @classmethod
    def from_json(cls, data: JsonObject) -> Folders:
        return cls(
            {
                name: FolderKind(
                    tuple(Path(root) for root in kind["roots"]),
                    None if kind["extensions"] is None else frozenset(kind["extensions"]),
                    kind["follow"],
                    kind["directories"],
                )
                for name, kind in data.items()
            }
        )

    def _listing(self, root: Path, kind: FolderKind) -> Listing:
        slot = (root, kind.follow, kind.directories)
        return self._listings.get(slot) or self._listings.setdefault(
            slot, Listing(root, follow=kind.follow, directories=kind.directories)
        )


class FoldersOnce:
    """The files of folders at one moment: however often a list is asked for, its folders are looked at once."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders
        self._lists: dict[tuple[str, str | None], Names] = {}

    def list(self, kind: str, media: str | None = None) -> list[str]:
        found = self._lists.get((kind, media))
        if found is None:
            found = self._lists[kind, media] = self._folders.list(kind, media)
        return found


def standard_folders(
    models: Iterable[Path], *, input: Path, output: Path, temp: Path, custom_nodes: Iterable[Path] = ()
) -> Folders:
    """The usual kinds. `models`: directories that each hold `checkpoints/`, `vae/`, ...; the user's first."""
    bases = list(models)
    kinds = {
        kind: FolderKind(
            tuple(base / folder for base in bases for folder in folders),
            {"configs": frozenset({".yaml"}), "diffusers": None}.get(kind, MODEL_EXTENSIONS),
            directories=kind == "diffusers",
        )
        for kind, folders in MODEL_KINDS.items()
    }
    own = {"input": input, "output": output, "temp": temp}
    kinds |= {name: FolderKind((path,), follow=False) for name, path in own.items()}
    kinds["custom_nodes"] = FolderKind(tuple(custom_nodes))
    return Folders(kinds)
