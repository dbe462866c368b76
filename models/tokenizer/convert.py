"""Make `vocab.json` and `merges.txt` of CLIP's tokenizer from `bpe_simple_vocab_16e6.txt.gz`.

The text file comes with the PyPI packages that carry CLIP, e.g. `open_clip_torch` (MIT):

    pip download --no-deps open_clip_torch
    python models/tokenizer/convert.py open_clip_torch-3.3.0-py3-none-any.whl

The vocabulary has 49,408 tokens, in this order: 256 bytes as printable characters, the same with the mark of a
word's end, one for each of 48,894 merges, and the two special ones.
"""

import argparse
import gzip
import json
import zipfile
from pathlib import Path

MERGES = 49152 - 256 - 2  # CLIP uses this many of the 262,144 merges that the file lists
END_OF_WORD = "</w>"


def printable_bytes() -> list[str]:
    """A printable character for each of the 256 bytes, in the order in which GPT-2 and CLIP number them.

    Printable bytes stand for themselves and come first; the others follow, as characters from U+0100 on.
    """
    own = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = 256 - len(own)
    return [chr(byte) for byte in own] + [chr(256 + index) for index in range(others)]


def read_merges(path: Path) -> list[str]:
    """The merges that CLIP uses, each "left right", from the .txt.gz or from a wheel that has it."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            name = next(name for name in wheel.namelist() if name.endswith("bpe_simple_vocab_16e6.txt.gz"))
            packed = wheel.read(name)
    else:
        packed = path.read_bytes()
    lines = gzip.decompress(packed).decode().split("\n")
    return lines[1 : 1 + MERGES]  # line 0 is a version


def vocabulary(merges: list[str]) -> dict[str, int]:
    """Every token and its number."""
    letters = printable_bytes()
    tokens = letters + [letter + END_OF_WORD for letter in letters]
    tokens += [merge.replace(" ", "") for merge in merges]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    return {token: number for number, token in enumerate(tokens)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="bpe_simple_vocab_16e6.txt.gz, or a wheel that has it")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    arguments = parser.parse_args()
    merges = read_merges(arguments.source)
    tokens = vocabulary(merges)
    (arguments.out / "vocab.json").write_text(json.dumps(tokens, ensure_ascii=False), encoding="utf-8")
    (arguments.out / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n", encoding="utf-8")
    print(f"{len(tokens)} tokens, {len(merges)} merges in {arguments.out}")
