"""What model files are, in the plugin's words, and LoRAs that it brings along."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import shutil
from pathlib import Path
from typing import IO

from aiohttp import web

from api.files_on_disk import make_folder, move_new, open_unnamed
from api.krita.answers import refused
from api.replies import as_refusal
from api.services import SERVICES, Services
from graph.errors import FileNameError
from graph.folders import MODEL_KINDS, NO_MODELS
from graph.types import JsonObject

log = logging.getLogger("easel")

FAMILIES = {
    "SD 1": "sd15",
    "SD 2": "sd20",
    "SDXL": "sdxl",
    "SDXL refiner": "sdxl-refiner",
    "SD 3": "sd3",
    "Flux.1": "flux",
    "Flux.2": "flux2",
    "Chroma": "chroma",
    "Qwen-Image": "qwen-image",
    "Lumina 2": "lumina2",
    "AuraFlow": "aura-flow",
}
"""The plugin's word for each family of `models/describe.py`."""
GGUF = "unet_gguf"
"""A kind of folder that the plugin asks for, and of which nothing is here."""
MOST_AT_ONCE = 1000
LARGEST_LORA = 8 * 2**30
NAME = re.compile(r"[A-Za-z0-9_\-][A-Za-z0-9_\-. ]{0,254}")
CHUNK = 1024 * 1024


async def model_info(request: web.Request) -> web.Response:
    """`?offset=&limit=`: what the files of a folder are, by name; with a limit `_meta` says where in the list it is."""
    services = request.app[SERVICES]
    kind = request.match_info.get("folder", "checkpoints")
    kinds = [known for known in services.folders.kinds if known not in NO_MODELS]
    if kind not in (*kinds, GGUF):
        return refused(400, f"There is no folder {kind[:80]!r}. There are {', '.join(kinds)}.")
    limited = "limit" in request.query
    try:
        offset, limit = int(request.query.get("offset", "0")), int(request.query.get("limit", str(MOST_AT_ONCE)))
    except ValueError:
        return refused(400, "`offset` and `limit` must be whole numbers.")
    names = await asyncio.to_thread(services.folders.list, kind)
    offset, limit = max(offset, 0), min(max(limit, 0), MOST_AT_ONCE)
    shown = names[offset : offset + limit]
    await services.models.open()
    found: JsonObject = {name: await _what(services, kind, name) for name in shown}
    if limited:
        found["_meta"] = {"offset": offset, "count": len(shown), "total": len(names)}
    return web.json_response(found)


async def _what(services: Services, kind: str, name: str) -> JsonObject:
    unknown: JsonObject = {"base_model": "unknown"}
    try:
        path = services.folders.find(kind, name)
        facts = await services.models.of(path) if path is not None else None
    except (FileNameError, OSError) as error:
        return {**unknown, "error": str(error)}
    if facts is None:
        return {**unknown, "error": "This file could not be read yet: the device process does not answer."}
    family, variant = str(facts.get("family", "")), str(facts.get("variant", "")).lower()
    if facts.get("kind") not in ("checkpoint", "diffusion model") or family not in FAMILIES:
        return {**unknown, **({"error": facts["problem"]} if facts.get("problem") else {})}
    told: JsonObject = {
        "base_model": FAMILIES[family],
        "is_inpaint": "inpaint" in variant,
        "is_refiner": family == "SDXL refiner",
    }
    if family == "SDXL":
        told["type"] = "v-prediction" if facts.get("prediction") == "v" else "eps"
    if family == "Flux.1" and "schnell" in variant:
        told["base_model"] = "flux-schnell"
    return told


async def upload(request: web.Request) -> web.Response:
    """Keep a model file under a name in its folder: 201; 200 without reading it where that name is there."""
    services = request.app[SERVICES]
    kind, name = request.match_info["folder"], request.match_info["name"]
    if kind not in MODEL_KINDS:
        return refused(400, f"There is no folder of models {kind[:80]!r}. There are {', '.join(MODEL_KINDS)}.")
    if not name.lower().endswith((".safetensors", ".sft")):
        return refused(400, "Only .safetensors files are taken.")
    if not NAME.fullmatch(name) or ".." in name:
        return refused(
            400, "A file's name may have letters, digits, spaces, dots, - and _, and begin with one of those."
        )
    if services.folders.find(kind, name) is not None:
        return web.json_response({"status": "cached"})
    size = request.content_length or 0
    if size > LARGEST_LORA:
        return refused(413, f"The file is larger than {LARGEST_LORA >> 30} GB.", close=True)
    folder = services.folders.root(kind)
    made: Path | None = None
    try:
        await asyncio.to_thread(make_folder, folder)
        if (await asyncio.to_thread(shutil.disk_usage, folder)).free < size:
            return refused(507, f"There is no room for {size >> 20} MB in {folder}.", close=True)
        file = await asyncio.to_thread(open_unnamed, folder)
        made = Path(file.name)
        if not await _store(request, file):
            return refused(413, f"The file is larger than {LARGEST_LORA >> 30} GB.", close=True)
        await asyncio.to_thread(move_new, made, services.folders.place(kind, name, new=True))
    except FileExistsError:  # another sent it meanwhile
        return web.json_response({"status": "cached"})
    except OSError as error:
        raise as_refusal(error, name) from error
    finally:
        if made is not None:
            with contextlib.suppress(OSError):
                made.unlink(missing_ok=True)
    log.info("%s was brought into %s", name, folder)
    return web.json_response({"status": "success"}, status=201)


async def _store(request: web.Request, file: IO[bytes]) -> bool:
    left = LARGEST_LORA
    try:
        async for chunk in request.content.iter_chunked(CHUNK):
            left -= len(chunk)
            if left < 0:
                return False
            await asyncio.to_thread(file.write, chunk)
        await asyncio.to_thread(os.fsync, file.fileno())
    finally:
        await asyncio.to_thread(file.close)
    return True
