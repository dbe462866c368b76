"""What must hold for the tree as a whole: links in the docs lead somewhere, and nothing names one machine."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXT = {".py", ".js", ".md", ".json", ".css", ".html", ".toml", ".txt", ".yaml", ".svg"}


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def test_links_in_the_docs_lead_somewhere():
    broken = []
    for path in (p for p in tracked() if p.suffix == ".md"):
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text("utf-8")):
            if "://" not in target and not (path.parent / target).exists():
                broken.append(f"{path.relative_to(ROOT)}: {target}")
    assert not broken


def test_nothing_names_a_registry_host_or_fetches_from_the_network():
    # Pieces are joined here so that this file does not find itself.
    hosts = [
        "files.python" + "hosted.org",
        "registry.npm" + "js.org",
        "cdn.js" + "delivr.net",
        "unp" + "kg.com",
        "download.py" + "torch.org",
    ]
    found = [
        f"{path.relative_to(ROOT)}: {host}"
        for path in tracked()
        if path.suffix in TEXT and "vocab" not in path.name
        for host in hosts
        if host in path.read_text("utf-8", errors="ignore")
    ]
    assert not found


def test_no_large_file_is_tracked_unnoticed():
    allowed = {"models/checkpoints/easel-emoji.safetensors": 40, "models/tokenizer/vocab.json": 2}
    for path in tracked():
        limit = allowed.get(path.relative_to(ROOT).as_posix(), 1.5)
        if path.parent.name == "upscale_models":
            limit = 10
        assert path.stat().st_size <= limit * 1e6, path
