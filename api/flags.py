"""The command line: every flag, the incumbent's names for them, and what they come to.

Standard library only, so that `--help` and a mistyped flag answer before anything is installed or started.
"""

from __future__ import annotations

import argparse
import difflib
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from api.foreign_flags import set_aside

ROOT = Path(__file__).resolve().parent.parent
"""The repository: what comes with Easel lies here, and, unless --base-directory says otherwise, what is the user's."""

MEGABYTE = 1024 * 1024
GIGABYTE = 1024 * MEGABYTE
PRECISIONS = ("auto", "fp32", "fp16", "bf16")
PREVIEWS = ("auto", "latent2rgb", "taesd", "none")
ONLY_RUN = ("--set", "--out")
_DEVICE = re.compile(r"auto|cpu|cuda|cuda:\d+|mps")


@dataclass(frozen=True)
class Flags:
    """What the command line came to. Paths are absolute; sizes are bytes; None means "decide for me"."""

    base: Path = ROOT
    models: Path = ROOT / "models"
    custom_nodes: Path = ROOT / "custom_nodes"
    output: Path = ROOT / "output"
    input: Path = ROOT / "input"
    temp: Path = ROOT / "temp"
    user: Path = ROOT / "user"
    listen: tuple[str, ...] = ("127.0.0.1",)
    port: int = 8188
    device: str = "auto"
    precision: str = "auto"
    previews: str = "auto"
    plain_previews: bool = False
    """Whether previews were asked for: then clients get them too that may take them for results."""
    preview_size: int = 512
    """Pixels along the longer edge, at most."""
    cache_memory: int | None = None
    cache_device: int | None = None
    cache_policy: str = "bytes"
    extra_model_paths: tuple[Path, ...] = ()
    follow_links: tuple[str, ...] = ()
    """Of `input` and `output`: where links may lead out of the folder."""
    token_file: Path | None = None
    allow_host: tuple[str, ...] = ()
    allow_origin: tuple[str, ...] = ()
    tls: tuple[Path, Path] | None = None
    """Certificate and key."""
    proxies: tuple[str, ...] = ()
    """Addresses of proxies that say truly whom they speak for."""
    browser: bool = True
    load_packs: bool = True
    trust_packs: bool = False
    dev_packs: tuple[str, ...] = ()
    packs_rest: bool = True
    """Whether a pack whose import only declares is imported when one of its nodes is needed."""
    only_packs: tuple[str, ...] = ()
    """Packs that load although `load_packs` is off."""
    pack_patience: float = 60.0
    """Seconds that an import of a pack may say nothing; other values are for tests."""
    pack_memory: int | None = None
    """Bytes that an import of a pack may take; other values than the default are for tests."""
    page: str | None = None
    """A folder or a Python package: a built front end that is served instead of the page."""
    route_patience: float = 30.0
    """Seconds that a pack's own route may take until its answer begins; other values are for tests."""
    page_sources: bool = False
    """Serve the page's sources as they lie there, and not joined into few files."""
    paused: bool = False
    max_upload: int = 100 * MEGABYTE
    least_space: int = 64 * MEGABYTE
    """Bytes that must be free on the disk before a job starts and before an upload is taken."""
    history_entries: int | None = 10_000
    """Ended jobs of one person that are kept; None: all."""
    history_days: float | None = None
    history_size: int | None = GIGABYTE
    """Bytes of everybody's ended jobs together."""
    webhook_hosts: tuple[str, ...] = ()
    """Hosts, each with a port or without, that may be told of jobs that have ended."""
    verbose: bool = False
    registry: str | None = None
    """`module:function` that makes the worker's registry instead of nodes.library: for tests."""
    grace: float = 10.0
    """Seconds that a node which was asked to stop may go on, at least; other values are for tests."""
    argv: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunFlags:
    """`server.py run`: one graph, without a page."""

    flags: Flags
    graph: Path
    changes: tuple[tuple[str, str, str], ...] = ()
    """(node id, input, value as written) of each --set."""
    out: Path | None = None


@dataclass(frozen=True)
class PacksFlags:
    """`server.py packs`, and `server.py approve NAME...`."""

    flags: Flags
    approve: tuple[str, ...] = ()


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line: forty lines of usage before it would hide it."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}. {self.prog} --help lists all flags.\n")


def parse(argv: Sequence[str]) -> Flags | RunFlags | PacksFlags:
    """Read the command line. Exits with status 2 and a sentence where it cannot, 0 after --help."""
    words, warnings = set_aside(list(argv))
    if words[:1] == ["run"]:
        return _run_flags(words[1:], tuple(argv), warnings)
    if words[:1] in (["packs"], ["approve"]):
        return _packs_flags(words[0], words[1:], tuple(argv), warnings)
    parser = _Parser(
        prog="server.py",
        description="Easel: a node-graph editor for making pictures. Starts the server and opens the page.",
        epilog="`server.py run GRAPH.json` runs one graph without a page; see `server.py run --help`. `server.py packs`"
        " lists node packs, `server.py approve NAME` approves one; `server.py new-node NAME` makes one;"
        " `server.py account add NAME` makes an account; `server.py backup FILE` keeps all that is yours in one file,"
        " and `server.py restore FILE` puts it back; `server.py convert FILE` takes the weights out of an unsafe file.",
        allow_abbrev=False,
    )
    _add_flags(parser)
    return _flags(parser, _known(parser, words), tuple(argv), warnings)


def _run_flags(words: list[str], argv: tuple[str, ...], warnings: list[str]) -> RunFlags:
    parser = _Parser(prog="server.py run", description="Run one graph without a page.", allow_abbrev=False)
    parser.add_argument("graph", type=Path, metavar="GRAPH.json", help="a graph, in either file format")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NODE.INPUT=VALUE",
        help="change one input before running, such as 3.seed=7; may be given often",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="copy the results here")
    _add_flags(parser)
    found = _known(parser, words)
    changes: list[tuple[str, str, str]] = []
    for text in found.set:
        place, equals, value = str(text).partition("=")
        node, dot, name = place.partition(".")
        if not (equals and dot and node and name):
            parser.error(f"--set {text}: expected NODE.INPUT=VALUE, such as 3.seed=7")
        changes.append((node, name, value))
    return RunFlags(_flags(parser, found, argv, warnings), found.graph, tuple(changes), found.out)


def _packs_flags(word: str, words: list[str], argv: tuple[str, ...], warnings: list[str]) -> PacksFlags:
    about = "List the node packs that there are." if word == "packs" else "Approve the code of node packs as it is now."
    parser = _Parser(prog=f"server.py {word}", description=about, allow_abbrev=False)
    if word == "approve":
        parser.add_argument("names", nargs="+", metavar="NAME", help="a pack, as `server.py packs` lists it")
    _add_flags(parser)
    found = _known(parser, words)
    return PacksFlags(_flags(parser, found, argv, warnings), tuple(getattr(found, "names", ())))


def _known(parser: argparse.ArgumentParser, words: list[str]) -> argparse.Namespace:
    found, unknown = parser.parse_known_args(words)
    if unknown:
        if unknown[0].partition("=")[0] in ONLY_RUN:
            parser.error(f"{unknown[0]} belongs to a graph that is run without a page: server.py run GRAPH.json ...")
        if not unknown[0].startswith("-"):
            parser.error(f"{unknown[0]!r} is no flag, and only `run GRAPH.json` may stand without one")
        flags = [name for action in parser._actions for name in action.option_strings]  # pyright: ignore[reportPrivateUsage]
        close = difflib.get_close_matches(unknown[0].partition("=")[0], flags, 1)
        parser.error(f"unknown flag {unknown[0]}" + (f"; did you mean {close[0]}?" if close else ""))
    return found


def _add_flags(parser: argparse.ArgumentParser) -> None:
    places = parser.add_argument_group("folders")
    places.add_argument("--base-directory", type=Path, metavar="DIR", help="holds all that is yours")
    for name in ("models", "output", "input", "temp", "user"):
        places.add_argument(f"--{name}-directory", type=Path, metavar="DIR", help=f"replaces DIR/{name}")
    places.add_argument(
        "--extra-model-paths",
        "--extra-model-paths-config",
        type=Path,
        nargs="+",
        action="append",
        default=[],
        metavar="FILE",
        help="a YAML file that names another tool's model folders",
    )
    places.add_argument(
        "--follow-links",
        action="append",
        choices=("input", "output"),
        default=[],
        help="links in this folder may lead out of it; may be given for both",
    )

    net = parser.add_argument_group("network")
    net.add_argument(
        "--listen",
        nargs="?",
        const="0.0.0.0,::",
        default="127.0.0.1",
        metavar="ADDRESSES",
        help="addresses to listen on, with commas between; alone: all. Beyond this machine a token is asked",
    )
    net.add_argument("--port", type=int, default=8188, help="0 takes any free one (default: 8188)")
    net.add_argument("--token-file", type=Path, metavar="FILE", help="holds the token that every request must bring")
    net.add_argument("--allow-host", action="append", default=[], metavar="NAME", help="a name this server is known by")
    net.add_argument(
        "--allow-origin",
        "--enable-cors-header",
        action="append",
        nargs="?",
        const="*",
        default=[],
        metavar="ORIGIN",
        help="another site whose pages may call this server, such as https://example.org",
    )
    net.add_argument("--tls-certfile", type=Path, metavar="FILE")
    net.add_argument("--tls-keyfile", type=Path, metavar="FILE")
    net.add_argument(
        "--proxy",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="a proxy in front of this server: its X-Forwarded-For and X-Forwarded-Proto are believed",
    )
    net.add_argument(
        "--webhook-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a host that may be told when a job has ended, if the job asks for that; may be given often",
    )
    net.add_argument("--max-upload-size", type=float, default=100.0, metavar="MB", help="(default: 100)")
    net.add_argument("--no-browser", "--disable-auto-launch", action="store_true", help="do not open the page")

    run = parser.add_argument_group("running")
    run.add_argument("--device", default=None, help="auto, cpu, cuda, cuda:1, mps (default: auto)")
    run.add_argument("--cpu", action="store_true", help="the same as --device cpu")
    run.add_argument("--cuda-device", type=int, metavar="N", help="the same as --device cuda:N")
    run.add_argument("--workers", type=int, default=1, help="device processes; more than 1: not yet")
    run.add_argument("--precision", choices=PRECISIONS, default=None, help="of the models (default: auto)")
    run.add_argument("--force-fp32", action="store_true", help="the same as --precision fp32")
    run.add_argument("--force-fp16", action="store_true", help="the same as --precision fp16")
    run.add_argument(
        "--previews",
        "--preview-method",
        choices=PREVIEWS,
        default=None,
        help="while a sampler runs: by mixing colours, by a tiny decoder of models/vae_approx, or none (default: auto)",
    )
    run.add_argument("--preview-size", type=int, default=512, metavar="PIXELS", help="at most (default: 512)")
    run.add_argument("--cache-memory", type=float, metavar="GB", help="for results, in memory")
    run.add_argument("--cache-ram", nargs="?", type=float, const=None, metavar="GB", help="the same as --cache-memory")
    run.add_argument("--cache-device", type=float, metavar="GB", help="for results, on the device")
    run.add_argument("--cache-disk", metavar="GB", help="not yet")
    run.add_argument("--cache-policy", choices=("bytes", "none"), default=None, help="(default: bytes)")
    run.add_argument("--cache-none", action="store_true", help="the same as --cache-policy none")
    run.add_argument("--cache-classic", action="store_true", help="the same as --cache-policy bytes")
    run.add_argument("--cache-lru", type=int, metavar="N", help="the same as --cache-policy bytes; 0 or more")
    run.add_argument(
        "--least-free-space",
        type=float,
        default=64.0,
        metavar="MB",
        help="with less room than this, or a twentieth of a small disk, jobs wait and no upload is taken (default: 64)",
    )
    run.add_argument("--history-entries", type=int, default=10_000, metavar="N", help="0: all (default: 10000)")
    run.add_argument("--history-days", type=float, metavar="DAYS", help="forget ended jobs that are older")
    run.add_argument(
        "--history-size", type=float, default=1.0, metavar="GB", help="of all ended jobs; 0: any (default: 1)"
    )
    run.add_argument("--paused", action="store_true", help="start with the queue paused")
    run.add_argument("--ray", metavar="ADDRESS", help="not yet")

    packs = parser.add_argument_group("node packs and the page")
    packs.add_argument(
        "--disable-custom-nodes", "--disable-all-custom-nodes", action="store_true", help="load no node packs"
    )
    packs.add_argument(
        "--whitelist-custom-nodes",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME",
        help="load these all the same",
    )
    packs.add_argument(
        "--import-packs", action="store_true", help="import every pack at the start, and not when its nodes are needed"
    )
    packs.add_argument("--trust-packs", action="store_true", help="load every pack: each runs with your rights")
    packs.add_argument(
        "--dev-pack", action="append", default=[], metavar="NAME", help="load this pack, and again when it is saved"
    )
    packs.add_argument(
        "--page-sources", action="store_true", help="serve the page's sources as they are: for work on the page"
    )
    packs.add_argument(
        "--page",
        "--front-end-root",
        metavar="PACKAGE",
        help="serve this front end instead: an installed Python package, such as comfyui-frontend-package, or a folder",
    )

    parser.add_argument("--verbose", nargs="?", const="DEBUG", metavar="LEVEL", help="say more")
    parser.add_argument("--registry", help=argparse.SUPPRESS)
    parser.add_argument("--grace", type=float, default=10.0, help=argparse.SUPPRESS)
    parser.add_argument("--pack-patience", type=float, default=60.0, help=argparse.SUPPRESS)
    parser.add_argument("--pack-memory", type=float, help=argparse.SUPPRESS)
    parser.add_argument("--route-patience", type=float, default=30.0, help=argparse.SUPPRESS)


def _flags(
    parser: argparse.ArgumentParser, found: argparse.Namespace, argv: tuple[str, ...], warnings: list[str]
) -> Flags:
    _refuse_what_comes_later(parser, found)
    if found.device is not None and not _DEVICE.fullmatch(found.device):
        parser.error(f"--device {found.device}: must be auto, cpu, cuda, cuda:N (such as cuda:1) or mps")
    if found.cuda_device is not None and found.cuda_device < 0:
        parser.error(f"--cuda-device {found.cuda_device}: must be 0 or more")
    base = _absolute(found.base_directory) or ROOT
    if found.cuda_device is not None and (found.cpu or found.device):
        parser.error("--cuda-device names a device, and so does --cpu or --device: leave one away")
    device = found.device or ("cpu" if found.cpu else "auto")
    if found.cuda_device is not None:
        device = f"cuda:{found.cuda_device}"
    precision = found.precision or ("fp32" if found.force_fp32 else "fp16" if found.force_fp16 else "auto")
    if (found.tls_certfile is None) != (found.tls_keyfile is None):
        parser.error("--tls-certfile and --tls-keyfile go together")
    for host in found.webhook_host:
        if not re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[\w.-]+)(:\d{1,5})?", host):
            parser.error(f"--webhook-host {host}: must be a name, such as hooks.example.org, or one with a port")
    if not 0 <= found.port <= 65535:
        parser.error(f"--port {found.port}: must lie between 0 and 65535")
    if found.max_upload_size <= 0:
        parser.error(f"--max-upload-size {found.max_upload_size}: must be above 0")
    if not 0 <= found.least_free_space < 1e9:
        parser.error(f"--least-free-space {found.least_free_space}: must be a number of megabytes, 0 or more")
    for name, given in (
        ("--history-entries", found.history_entries),
        ("--history-days", found.history_days),
        ("--history-size", found.history_size),
    ):
        if given is not None and not 0 <= given < 2**40:
            parser.error(f"{name} {given}: must be 0 or more")
    if found.preview_size < 1:
        parser.error(f"--preview-size {found.preview_size}: must be 1 or more")
    memory = found.cache_memory if found.cache_memory is not None else found.cache_ram
    for name, size in (("--cache-memory", memory), ("--cache-device", found.cache_device)):
        if size is not None and not size >= 0:
            parser.error(f"{name} {size}: must be 0 or more")

    def place(name: str) -> Path:
        return _absolute(getattr(found, f"{name}_directory")) or base / name

    return Flags(
        base=base,
        models=place("models"),
        custom_nodes=base / "custom_nodes",
        output=place("output"),
        input=place("input"),
        temp=place("temp"),
        user=place("user"),
        listen=tuple(part.strip() for part in found.listen.split(",") if part.strip()) or ("127.0.0.1",),
        port=found.port,
        device=device,
        precision=precision,
        previews=found.previews or "auto",
        plain_previews=found.previews not in (None, "none"),
        preview_size=found.preview_size,
        cache_memory=None if memory is None else int(memory * GIGABYTE),
        cache_device=None if found.cache_device is None else int(found.cache_device * GIGABYTE),
        cache_policy=found.cache_policy or ("none" if found.cache_none else "bytes"),
        extra_model_paths=tuple(Path(p).absolute() for group in found.extra_model_paths for p in group),
        follow_links=tuple(found.follow_links),
        token_file=_absolute(found.token_file),
        allow_host=tuple(found.allow_host),
        allow_origin=tuple(found.allow_origin),
        tls=None if found.tls_certfile is None else (found.tls_certfile, found.tls_keyfile),
        proxies=tuple(found.proxy),
        browser=not found.no_browser,
        load_packs=not found.disable_custom_nodes,
        trust_packs=found.trust_packs,
        packs_rest=not found.import_packs,
        dev_packs=tuple(found.dev_pack),
        only_packs=tuple(found.whitelist_custom_nodes),
        pack_patience=found.pack_patience,
        pack_memory=None if found.pack_memory is None else int(found.pack_memory * MEGABYTE),
        page=found.page,
        route_patience=found.route_patience,
        page_sources=found.page_sources,
        paused=found.paused,
        max_upload=int(found.max_upload_size * MEGABYTE),
        least_space=int(found.least_free_space * MEGABYTE),
        history_entries=found.history_entries or None,
        history_days=found.history_days or None,
        history_size=int(found.history_size * GIGABYTE) or None,
        webhook_hosts=tuple(str(host).strip().lower() for host in found.webhook_host),
        verbose=found.verbose is not None and found.verbose.upper() in ("DEBUG", ""),
        registry=found.registry,
        grace=found.grace,
        argv=argv,
        warnings=tuple(warnings),
    )


def _refuse_what_comes_later(parser: argparse.ArgumentParser, found: argparse.Namespace) -> None:
    if found.workers < 1:
        parser.error(f"--workers {found.workers}: must be 1 or more")
    later = {
        "--workers above 1": found.workers > 1,
        "--cache-disk": found.cache_disk is not None,
        "--ray": found.ray is not None,
    }
    for name, asked in later.items():
        if asked:
            parser.error(f"{name}: not yet; leave it away")


def _absolute(path: Path | None) -> Path | None:
    return None if path is None else Path(path).expanduser().absolute()


def fail(sentence: str) -> None:
    """Say on standard error what stopped the start."""
    print(f"easel: {sentence}", file=sys.stderr)
