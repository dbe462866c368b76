"""Prepare the training pictures: the Noto emoji of the npm package `@iconify-json/noto` (Apache-2.0).

Reads `icons.json` and `metadata.json` of the package (a folder, a .tgz, or fetched with `npm pack`),
renders each SVG with resvg on white, and writes into the run's folder

    pictures.npy   (n, 128, 128, 3) uint8, RGB, background white
    pictures.json  the n names, in the same order, e.g. "red-apple"

    python models/train/data.py --package iconify-json-noto-1.2.9.tgz --run models/train/runs/emoji
"""

import argparse
import io
import json
import subprocess
import tarfile
from pathlib import Path

import numpy as np
import resvg_py
from PIL import Image

PACKAGE = "@iconify-json/noto@1.2.9"
SIZE = 128  # pixels, width and height
# Left out: people (skin tones make thousands of near copies), flags, and symbols (letters and signs).
CATEGORIES = ("Activities", "Animals & Nature", "Food & Drink", "Objects", "Smileys & Emotion", "Travel & Places")


def fetch(folder: Path) -> Path:
    """Download the package with npm's ordinary client; returns the path of the .tgz."""
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True, capture_output=True, text=True)
    return folder / done.stdout.strip().splitlines()[-1]


def read_package(path: Path) -> tuple[dict, dict]:
    """The package's `icons.json` and `metadata.json`, from an unpacked folder or from the .tgz."""
    names = ("icons.json", "metadata.json")
    if path.is_dir():
        icons, metadata = ((path / name).read_bytes() for name in names)
    else:
        with tarfile.open(path) as archive:
            icons, metadata = (archive.extractfile(f"package/{name}").read() for name in names)
    return json.loads(icons), json.loads(metadata)


def render(body: str, width: int, height: int) -> np.ndarray:
    """One icon's SVG body as (SIZE, SIZE, 3) uint8 on white; icons that are not square are centred."""
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">{body}</svg>'
    png = resvg_py.svg_to_bytes(svg_string=svg, width=SIZE, height=SIZE)
    icon = Image.open(io.BytesIO(bytes(png))).convert("RGBA")
    page = Image.new("RGBA", (SIZE, SIZE), "white")
    page.alpha_composite(icon, ((SIZE - icon.width) // 2, (SIZE - icon.height) // 2))
    return np.asarray(page.convert("RGB"))


def prepare(package: Path, run: Path) -> int:
    """Render every wanted icon into `run`; returns how many there are."""
    icons, metadata = read_package(package)
    wanted = sorted({name for category in CATEGORIES for name in metadata["categories"][category]})
    names, pictures = [], []
    for name in wanted:
        icon = icons["icons"].get(name)
        if icon is None:
            continue
        width, height = (icon.get(side, icons.get(side, SIZE)) for side in ("width", "height"))
        pictures.append(render(icon["body"], width, height))
        names.append(name)
    run.mkdir(parents=True, exist_ok=True)
    np.save(run / "pictures.npy", np.stack(pictures))
    (run / "pictures.json").write_text(json.dumps(names, indent=0))
    return len(names)


def load(run: Path) -> tuple[np.ndarray, list[str]]:
    """What `prepare` wrote: the pictures (n, 128, 128, 3) uint8 and their names."""
    return np.load(run / "pictures.npy"), json.loads((run / "pictures.json").read_text())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--package", type=Path, help="the package's folder or .tgz; fetched with npm if not given")
    parser.add_argument("--run", type=Path, default=Path(__file__).parent / "runs" / "emoji")
    arguments = parser.parse_args()
    count = prepare(arguments.package or fetch(arguments.run), arguments.run)
    print(f"{count} pictures of {SIZE} x {SIZE} in {arguments.run}")
