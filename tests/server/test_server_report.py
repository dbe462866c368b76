"""A report of a problem: what is in it, and above all what is not."""

from __future__ import annotations

import getpass
import json
from pathlib import Path
from typing import Any

import pytest

from api.report.hidden import LONGEST, Hiding, without_keys
from graph.registry import Catalogue
from graph.spec import InputSpec, NodeSpec
from tests.server.guests import OWNER, TOKEN
from tests.server.harness import ROOT, Server, running
from tests.server.people import with_people

TABLE: dict[str, Any] = json.loads((ROOT / "tests" / "server" / "report_hides.json").read_text("utf-8"))
SECRETS = ("hf_ABCDEFGHIJKLMNOP", "hunter22pass", "AKx93hd82hGGs72hd7wq19Xm", "abcdef123456789")


def spec(name: str, inputs: list[str]) -> NodeSpec:
    kinds = {"seed": "INT"}
    found = tuple(InputSpec(name=each, type=kinds.get(each, "STRING")) for each in inputs)
    return NodeSpec(class_type=name, inputs=found)


def catalogue() -> Catalogue:
    return Catalogue(spec(name, inputs) for name, inputs in TABLE["types"].items())


@pytest.mark.parametrize("case", TABLE["texts"], ids=lambda case: case["given"][:30])
def test_texts_as_the_page_hides_them(case: dict[str, str]) -> None:
    assert Hiding().text(case["given"]) == case["found"]


@pytest.mark.parametrize("case", TABLE["graphs"], ids=lambda case: case["about"])
def test_graphs_as_the_page_hides_them(case: dict[str, Any]) -> None:
    assert Hiding().value(without_keys(case["given"], catalogue())) == case["found"]


def test_a_machine_and_its_person_are_not_named() -> None:
    hiding = Hiding("/srv/people/anna", ("anna", "box-7", "ab", "root"), ("s3cret-token",))
    said = hiding.text("Anna at box-7: /srv/people/anna/x, /data/anna/y, annabelle, ab, root, s3cret-token")
    assert said == "somebody at somebody: ~/x, /data/somebody/y, annabelle, ab, root, …"


def test_long_and_deep_things_have_an_end() -> None:
    deep: Any = "x"
    for _ in range(5_000):
        deep = [deep]
    assert len(json.dumps(Hiding().value({"deep": deep, "long": "y" * (LONGEST + 9)}))) < LONGEST + 500


def test_a_report_holds_what_helps_and_no_secret(guarded: Server) -> None:
    settings = {"Easel.theme": "dark", "Pack.api_key": SECRETS[1], "Other": {"token": SECRETS[3]}}
    assert guarded.post("/api/settings", settings, headers=OWNER).status == 200
    (guarded.base / "custom_nodes" / "broken").mkdir(parents=True, exist_ok=True)
    (guarded.base / "custom_nodes" / "broken" / "__init__.py").write_text("import nothing_like_it\n")
    node = {"id": 1, "type": "Say", "widgets_values": [SECRETS[2]]}
    graph = {"nodes": [node], "extra": {"auth_token": SECRETS[3], "words": f"a fox, {SECRETS[0]}"}}
    client = {"browser": "Firefox", "cookie": SECRETS[1], "errors": [f"at {Path.home()}/x: token={SECRETS[3]}"]}
    guarded.request("GET", f"/easel/nothing?token={SECRETS[3]}")
    answer = guarded.post("/easel/report", {"workflow": graph, "client": client}, headers=OWNER)
    assert answer.status == 200, answer.body
    parts = {part["name"]: part["text"] for part in answer.json()["parts"]}
    assert list(parts) == ["server.json", "packs.json", "settings.json", "page.json", "log.txt", "graph.json"]
    assert json.loads(parts["server.json"])["worker"]["state"] == "ready"
    assert "Easel is ready" in parts["log.txt"]
    assert json.loads(parts["settings.json"])["Easel.theme"] == "dark"
    assert "a fox" in parts["graph.json"]
    assert any(len(pack["hash"]) > 30 for pack in json.loads(parts["packs.json"]))
    whole = "\n".join(parts.values())
    for secret in (*SECRETS, TOKEN, str(Path.home()) + "/"):
        assert secret not in whole
    if len(name := getpass.getuser()) > 3 and name != "root":
        assert f"/{name}/" not in whole


def test_who_runs_nothing_here_gets_nothing_of_others(tmp_path: Path) -> None:
    people = with_people(tmp_path)
    with running(tmp_path) as server:
        page = {"client": {"said": "Vera and Max were here"}}
        own = people.vera.post(server, "/easel/report", page).json()["parts"]
        assert [part["name"] for part in own] == ["server.json", "packs.json", "settings.json", "page.json"]
        assert "command_line" not in json.loads(own[0]["text"])
        assert json.loads(own[3]["text"]) == {"said": "somebody and somebody were here"}
        whole = people.ada.post(server, "/easel/report", page).json()["parts"]
        assert whole[-1]["name"] == "log.txt"
        assert people.otto.post(server, "/easel/report", page).status == 200


def test_what_is_no_report_is_refused(server: Server) -> None:
    assert server.post("/easel/report", {"client": "x"}).status == 400
    assert server.post("/easel/report", {"workflow": "no graph"}).status == 400
    assert [part["name"] for part in server.post("/easel/report", {}).json()["parts"]][-1] == "log.txt"
