"""What the model is told a picture shows: names from names.txt, worded in the ways people ask for them."""

import random
import re
from pathlib import Path

DROPPED = 0.1  # share of captions left empty, so that classifier-free guidance works
BARE = 0.7  # share of captions that are the name or its other name, with nothing around it
FRAMES = ("{a}", "{a}", "{a}", "the {}", "an emoji of {a}", "a picture of {a}", "{a} emoji", "{a} on white")
# These words name no kind of thing: "red heart" may also be asked for as "heart".
COLOURS = ("black", "blue", "brown", "green", "light-blue", "orange", "pink", "purple", "red", "white", "yellow")
# The "-face" of these is a part of an animal; that of others ("nerd-face") is a smiley.
ANIMALS = ("cat", "cow", "dog", "dragon", "horse", "monkey", "mouse", "pig", "rabbit", "tiger")
DIRECTION = re.compile(r"left|right|musical|hourglass|americas")  # mirrored, these would be wrong


def chosen(known: list[str]) -> list[str]:
    """The names of names.txt that were rendered, in the order of `known`."""
    lines = (Path(__file__).parent / "names.txt").read_text().splitlines()
    wanted = {name for line in lines if not line.startswith("#") for name in line.split()}
    return [name for name in known if name in wanted]


def may_flip(name: str) -> bool:
    """Whether the mirror image is still a picture of that name."""
    return not DIRECTION.search(name)


def with_article(words: str) -> str:
    """As in "a red apple", "an onion"; plurals ("socks") stay bare."""
    if words.split()[0] in ("a", "an", "the") or (words.endswith("s") and not words.endswith(("ss", "us"))):
        return words
    return f"an {words}" if words[0] in "aeiou" and not words.startswith(("uni", "one")) else f"a {words}"


def wordings(name: str) -> list[str]:
    """The bare ways to say a name, the usual one first."""
    words = name.replace("-", " ")
    ways = [words]
    for colour in COLOURS:
        if name.startswith(colour + "-") and name.count("-") == colour.count("-") + 1:
            ways.append(name[len(colour) + 1 :])
    if name.endswith("-face") and name.count("-") == 1:
        ways.append(f"face of a {name[:-5]}" if name[:-5] in ANIMALS else name[:-5] + " smiley")
    return ways


def caption(name: str, rng: random.Random) -> str:
    """One caption for a picture of `name`, or "" for the share that is dropped."""
    if rng.random() < DROPPED:
        return ""
    ways = wordings(name)
    words = ways[0] if len(ways) == 1 or rng.random() < 0.85 else ways[1]
    return words if rng.random() < BARE else rng.choice(FRAMES).format(words, a=with_article(words))


def all_captions(names: list[str]) -> list[str]:
    """Every caption that `caption` can make of these names: decides which tokens get an embedding."""
    made = {""}
    for name in names:
        for words in wordings(name):
            made.add(words)
            made.update(frame.format(words, a=with_article(words)) for frame in FRAMES)
    return sorted(made)
