"""Secrets go where they are needed and are found nowhere else: not on the disk, in no log, no answer, no picture."""

from __future__ import annotations

import io
import json
import socket
from pathlib import Path
from typing import Any

from PIL import Image

from api.secret_values import SecretValues
from tests.server.harness import Server, read_until, running
from tests.server.people import COOKIE, PASSWORD, with_people

KEY = "sesame-open-by-key/9182"
TOKEN = "sesame open by 'token' 7364"
PACK = """
import sys
from aiohttp import web
from server import PromptServer


class Leaks:
    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {"how": (["show", "raise", "print"],), "nr": ("INT", {"default": 0})},
            "hidden": {"auth": "AUTH_TOKEN_COMFY_ORG", "key": "API_KEY_COMFY_ORG"},
        }

    RETURN_TYPES = ("STRING",)
    FUNCTION = "run"
    OUTPUT_NODE = True

    def run(self, how, nr, auth, key):
        if how == "print":
            print("calling with", auth, repr(auth), {"k": key})
            print(f"https://example.org/?key={key}", file=sys.stderr)
        if how == "raise":
            local = [auth, key]
            raise RuntimeError(f"the service refused {auth!r} and {key}")
        return {"ui": {"text": [f"{auth}|{key}|was there" if auth else "nothing"]}, "result": (key,)}


@PromptServer.instance.routes.get("/leaks/headers")
async def headers(request):
    print("asked with", dict(request.headers))
    return web.json_response(dict(request.headers))


NODE_CLASS_MAPPINGS = {"Leaks": Leaks}
"""
SAVE: dict[str, Any] = {
    "8": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0}},
    "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": "kept"}},
}


def leaks(how: str, nr: int = 0) -> dict[str, Any]:
    return {"1": {"class_type": "Leaks", "inputs": {"how": how, "nr": nr}}}


def test_secrets_are_found_nowhere(base: Path) -> None:
    pack = base / "custom_nodes" / "leaks"
    pack.mkdir(parents=True)
    (pack / "__init__.py").write_text(PACK)
    people = with_people(base)
    ada = people.ada
    told: list[str] = []
    heard: list[dict[str, Any]] = []

    def ask(method: str, path: str, body: Any = None, **headers: str) -> Any:
        reply = server.request(method, path, body, {**ada.program, **headers})
        told.append(reply.body.decode("utf-8", "replace") + str(reply.headers))
        return reply

    with running(base, "--trust-packs", "--cpu", "--verbose", registry=None) as server:
        with server.socket("c", additional_headers=ada.browser) as listening:
            extra = {
                "auth_token_comfy_org": TOKEN,
                "api_key_comfy_org": KEY,
                "extra_pnginfo": {"workflow": {"nodes": [], "links": [], "version": 0.4}},
            }
            for prompt in ({**leaks("show"), **SAVE}, leaks("print"), leaks("raise")):
                given = {"prompt": prompt, "client_id": "c", "extra_data": extra}
                posted = ask("POST", "/prompt", given)
                assert posted.status == 200, posted.body
                ask("GET", "/queue")
                heard = read_until(listening, "execution_error" if prompt == leaks("raise") else "done")
                told.append(json.dumps(heard, ensure_ascii=False))
            assert heard[-1]["data"]["exception_message"].strip() == 'the service refused "…" and …'
            # What is cached of it is not shown to others either.
            ask("POST", "/prompt", {"prompt": leaks("show"), "client_id": "c"})
            told.append(json.dumps(read_until(listening, "done"), ensure_ascii=False))
        log_in = json.dumps({"name": "ada", "password": PASSWORD})
        wrong = json.dumps({"name": PASSWORD, "password": PASSWORD[1:]})
        for body in (log_in, wrong):
            server.request("POST", "/easel/login", raw=body.encode(), headers={"Content-Type": "application/json"})
        echoed = ask("GET", "/leaks/headers", Cookie=f"{COOKIE}={ada.session}")
        assert echoed.status == 200, "the pack's route was asked"
        for line in (f"GET /?token={ada.token} x HTTP/1.1", f"GET / HTTP/1.1\r\nAuthorization Bearer {ada.token}"):
            _send(server, f"{line}\r\nHost: 127.0.0.1\r\n\r\n")
        for path in ("/history", "/easel/history", "/internal/logs", "/easel/log", "/easel/status", "/easel/audit"):
            assert ask("GET", path).status == 200, path
        ask("GET", f"/?token={ada.token}")
        ask("POST", "/easel/report", {})
        assert "…|…|was there" in "".join(told), "it was run, and what it gave is shown"
        server.stop()

    secrets = (KEY, TOKEN, repr(TOKEN)[1:-1], ada.token, ada.session, PASSWORD)
    for text in told:
        for secret in secrets:
            assert secret not in text, text[max(0, text.find(secret) - 300) :][:600]
    [picture] = (base / "output").glob("kept*.png")
    held = str(Image.open(io.BytesIO(picture.read_bytes())).info)  # its texts, unpacked
    assert "SaveImage" in held
    for path in (path for path in base.rglob("*") if path.is_file() and pack not in path.parents):
        content = path.read_bytes().decode("latin-1") + (held if path == picture else "")
        for secret in secrets:
            assert secret not in content, path


def _send(server: Server, text: str) -> None:
    """What is no request."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
        line.sendall(text.encode())
        while line.recv(65536):
            pass


def test_values_are_hidden_in_every_form() -> None:
    values = SecretValues()
    assert values.hide_in({"a": ["x"]}) == {"a": ["x"]}
    values.add({"one": "it's a 'secret' word", "more": ["päss/word"], "short": "abc", "none": None})
    said = ["it's a 'secret' word", repr("it's a 'secret' word"), json.dumps("päss/word"), "p%C3%A4ss%2Fword", "abc"]
    assert values.hide_in({"päss/word": said}) == {"…": ["…", '"…"', '"…"', "…", "abc"]}


def test_only_the_latest_values_are_kept() -> None:
    values = SecretValues()
    for number in range(600):
        values.add([f"secret number {number:04}"])
    assert values.hide("secret number 0001") == "secret number 0001"
    assert values.hide("secret number 0599") == "…"
