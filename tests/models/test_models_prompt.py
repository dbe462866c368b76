"""Prompt weights and tokens."""

from functools import lru_cache

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.text.clip_tokenizer import VOCABULARY, clip_ids
from models.text.prompt import MOST_NESTED, weigh
from models.text.tokens import TokenRules, tokenize
from models.vision_operators import make_torchvision_importable

RULES = TokenRules(pad=49407)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        ("a cat", [("a cat", 1.0)]),
        ("a (cat)", [("a ", 1.0), ("cat", 1.1)]),
        ("((cat))", [("cat", 1.21)]),
        ("a (red:1.3) car", [("a ", 1.0), ("red", 1.3), (" car", 1.0)]),
        ("(a (b:1.5) c:0.5)", [("a ", 0.5), ("b", 1.5), (" c", 0.5)]),
        ("(a (b) c:0.5)", [("a ", 0.5), ("b", 0.55), (" c", 0.5)]),
        ("(a:b)", [("a:b", 1.1)]),
        ("(12:30:1.2)", [("12:30", 1.2)]),
        ("(:1.2)", [(":1.2", 1.1)]),
        ("(x:nan)", [("x:nan", 1.1)]),
        ("(x:-0.5)", [("x", -0.5)]),
        (r"\(cat\)", [("(cat)", 1.0)]),
        (r"(a \(b\):1.2)", [("a (b)", 1.2)]),
        ("[cat] {dog}", [("[cat] {dog}", 1.0)]),
        ("((cat", [("((cat", 1.0)]),
        ("a ((cat)", [("a ", 1.0), ("(cat", 1.1)]),
        ("((cat:1.3)", [("(cat", 1.3)]),
        ("((a) (b:0.5)", [("a", 0.55), (" ", 0.5), ("(b", 0.5)]),
        ("cat))", [("cat))", 1.0)]),
        ("()", []),
    ],
)
def test_weights(text: str, pieces: list[tuple[str, float]]):
    found = weigh(text)
    assert [piece for piece, _ in found] == [piece for piece, _ in pieces]
    assert [weight for _, weight in found] == pytest.approx([weight for _, weight in pieces])


@given(st.text(alphabet="a :.1()\\\n", max_size=60))
def test_no_prompt_fails(text: str):
    assert all(piece for piece, _ in weigh(text))


@given(st.text(alphabet="abc ,", max_size=60))
def test_a_prompt_without_parentheses_is_one_piece(text: str):
    assert weigh(text) == ([(text, 1.0)] if text else [])


def test_deep_nesting_neither_recurses_nor_stalls():
    (text, weight), *_ = weigh("(" * 30_000 + "a" + ")" * 30_000)
    assert weight == pytest.approx(1.1**MOST_NESTED)
    assert text == "(" * (30_000 - MOST_NESTED) + "a" + ")" * (30_000 - MOST_NESTED)


@lru_cache
def of_transformers():
    make_torchvision_importable()
    from transformers import CLIPTokenizer

    return CLIPTokenizer.from_pretrained(VOCABULARY, local_files_only=True)


@pytest.mark.parametrize("text", ["a photo of a cat, 4k", "Ünïcode café 日本 it's", "newline\nand  two spaces"])
def test_ids_are_those_of_transformers(text: str):
    reference = of_transformers()(text)["input_ids"]
    (chunk,) = tokenize(text, RULES)
    assert [token.id for token in chunk[: len(reference)]] == reference
    assert len(chunk) == 77
    assert {token.id for token in chunk[len(reference) :]} == {49407}


@given(
    st.text(max_size=40)
    | st.lists(st.sampled_from([" ", "don't", "ﬁ", "<|endoftext|>", "3.14", "\u0301", "👩‍🎨"])).map("".join)
)
def test_any_text_has_the_ids_that_transformers_gives(text: str):
    assert clip_ids(text) == of_transformers()(text, add_special_tokens=False)["input_ids"]


def test_known_ids():
    (chunk,) = tokenize("a photo of a cat", TokenRules(pad=0))
    assert [token.id for token in chunk[:8]] == [49406, 320, 1125, 539, 320, 2368, 49407, 0]


def test_a_long_piece_fills_its_chunk_and_goes_on():
    first, second = tokenize("cat " * 80, RULES)
    assert len(first) == len(second) == 77
    assert [token.id for token in first[1:76]] == [2368] * 75
    assert [token.id for token in second[:7]] == [49406, *[2368] * 5, 49407]


def test_a_short_piece_is_not_split():
    first, second = tokenize("cat " * 73 + "(red green blue:1.5)", RULES)
    assert [token.id for token in first[74:]] == [49407] * 3
    assert [token.weight for token in second[:6]] == [1.0, 1.5, 1.5, 1.5, 1.0, 1.0]


def test_an_empty_prompt_is_one_chunk():
    (chunk,) = tokenize("", RULES)
    assert [token.id for token in chunk] == [49406] + [49407] * 76


def test_embeddings_are_found_by_name(caplog):
    rows = torch.randn(3, 8)
    asked: list[str] = []

    def find(name: str) -> torch.Tensor | None:
        asked.append(name)
        return rows if name == "style/mine" else None

    (chunk,) = tokenize("a cat embedding:style/mine, (embedding:style/mine:0.5) embedding:none here", RULES, find)
    vectors = [token for token in chunk if isinstance(token.id, torch.Tensor)]
    assert len(vectors) == 6
    assert all(torch.equal(token.id, rows[i % 3]) for i, token in enumerate(vectors))
    assert [token.weight for token in vectors] == [1.0] * 3 + [0.5] * 3
    assert asked == ["style/mine,", "style/mine", "style/mine", "none"]
    assert [token.id for token in chunk[1:3]] == [320, 2368]
    assert [token.id for token in chunk[6:7]] == [267]  # the comma after the name is a comma
    assert "none" in caplog.text


@pytest.mark.parametrize("between", [" ", "\n", "\t", " \n "])
def test_white_space_ends_the_name_of_an_embedding(between: str):
    (chunk,) = tokenize(f"embedding:mine{between}cat", RULES, lambda name: torch.ones(1, 8) if name == "mine" else None)
    assert torch.equal(chunk[1].id, torch.ones(8))
    assert [token.id for token in chunk[2:4]] == [2368, 49407]
