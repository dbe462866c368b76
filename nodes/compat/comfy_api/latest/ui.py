"""What V3 nodes show on the page: files that they saved, and previews, which are files in the temporary folder."""
# pyright: basic
# `cls` is the node's class, for its `hidden`; packs pass None too.

from __future__ import annotations

import secrets
import string
from collections.abc import Sequence
from typing import Any

from models import animation, saving

from ._node import UIOutput
from ._saving import EncodedAudio, save, texts_of
from ._widgets import FolderType

_UIOutput = UIOutput


class SavedResult(dict):
    """A file for `/view`."""

    def __init__(self, filename: str, subfolder: str, type: FolderType) -> None:
        super().__init__(filename=filename, subfolder=subfolder, type=FolderType(type).value)

    @property
    def filename(self) -> str:
        return self["filename"]

    @property
    def subfolder(self) -> str:
        return self["subfolder"]

    @property
    def type(self) -> FolderType:
        return FolderType(self["type"])


class SavedImages(UIOutput):
    def __init__(self, results: list[SavedResult], is_animated: bool = False) -> None:
        self.results = results
        self.is_animated = is_animated

    def as_dict(self) -> dict[str, Any]:
        return {"images": self.results, **({"animated": (True,)} if self.is_animated else {})}


class SavedAudios(UIOutput):
    def __init__(self, results: list[SavedResult]) -> None:
        self.results = results

    def as_dict(self) -> dict[str, Any]:
        return {"audio": self.results}


class ImageSaveHelper:
    """Batches of pictures (b, h, w, c) as files that carry the graph which made them."""

    @staticmethod
    def save_images(
        images: Any, filename_prefix: str, folder_type: FolderType, cls: Any, compress_level: int = 4
    ) -> list[SavedResult]:
        texts = texts_of(cls)
        files = ((".png", saving.png_bytes(pixels, texts, compress_level)) for pixels in images)
        return _saved(files, filename_prefix, folder_type, cls, images[0].shape[1], images[0].shape[0])

    @staticmethod
    def get_save_images_ui(images: Any, filename_prefix: str, cls: Any, compress_level: int = 4) -> SavedImages:
        found = ImageSaveHelper.save_images(images, filename_prefix, FolderType.output, cls, compress_level)
        return SavedImages(found)

    @staticmethod
    def save_animated_png(
        images: Any, filename_prefix: str, folder_type: FolderType, cls: Any, fps: float, compress_level: int
    ) -> SavedResult:
        data = animation.png_animation_bytes(_batch(images), texts_of(cls), fps, compress_level)
        return _saved([(".png", data)], filename_prefix, folder_type, cls, images[0].shape[1], images[0].shape[0])[0]

    @staticmethod
    def get_save_animated_png_ui(
        images: Any, filename_prefix: str, cls: Any, fps: float, compress_level: int
    ) -> SavedImages:
        found = ImageSaveHelper.save_animated_png(images, filename_prefix, FolderType.output, cls, fps, compress_level)
        return SavedImages([found], is_animated=len(images) > 1)

    @staticmethod
    def save_animated_webp(
        images: Any,
        filename_prefix: str,
        folder_type: FolderType,
        cls: Any,
        fps: float,
        lossless: bool,
        quality: int,
        method: int,
    ) -> SavedResult:
        data = animation.webp_bytes(_batch(images), texts_of(cls), fps, lossless, quality, method)
        return _saved([(".webp", data)], filename_prefix, folder_type, cls, images[0].shape[1], images[0].shape[0])[0]

    @staticmethod
    def get_save_animated_webp_ui(
        images: Any, filename_prefix: str, cls: Any, fps: float, lossless: bool, quality: int, method: int
    ) -> SavedImages:
        found = ImageSaveHelper.save_animated_webp(
            images, filename_prefix, FolderType.output, cls, fps, lossless, quality, method
        )
        return SavedImages([found], is_animated=len(images) > 1)


class AudioSaveHelper:
    """Sounds as files: flac, mp3 or opus."""

    @staticmethod
    def save_audio(
        audio: dict[str, Any],
        filename_prefix: str,
        folder_type: FolderType,
        cls: Any,
        format: str = "flac",
        quality: str = "128k",
    ) -> list[SavedResult]:
        encoded = EncodedAudio(format, quality, texts_of(cls))
        waves = ((f".{format}", encoded.of(wave, audio["sample_rate"])) for wave in audio["waveform"])
        return _saved(waves, filename_prefix, folder_type, cls, 0, 0)

    @staticmethod
    def get_save_audio_ui(
        audio: dict[str, Any], filename_prefix: str, cls: Any, format: str = "flac", quality: str = "128k"
    ) -> SavedAudios:
        found = AudioSaveHelper.save_audio(audio, filename_prefix, FolderType.output, cls, format, quality)
        return SavedAudios(found)


class PreviewImage(UIOutput):
    def __init__(self, image: Any, animated: bool = False, cls: Any = None, **_: Any) -> None:
        self.values = ImageSaveHelper.save_images(image, _temporary(), FolderType.temp, cls, 1)
        self.animated = animated

    def as_dict(self) -> dict[str, Any]:
        return {"images": self.values, "animated": (self.animated,)}


class PreviewMask(PreviewImage):
    def __init__(self, mask: Any, animated: bool = False, cls: Any = None, **more: Any) -> None:
        grey = mask.reshape(-1, *mask.shape[-2:], 1).expand(-1, -1, -1, 3)
        super().__init__(grey, animated, cls, **more)


class PreviewAudio(UIOutput):
    def __init__(self, audio: dict[str, Any], cls: Any = None, **_: Any) -> None:
        self.values = AudioSaveHelper.save_audio(audio, _temporary(), FolderType.temp, cls)

    def as_dict(self) -> dict[str, Any]:
        return {"audio": self.values}


class PreviewVideo(UIOutput):
    def __init__(self, values: Sequence[SavedResult | dict[str, str]], **_: Any) -> None:
        self.values = list(values)

    def as_dict(self) -> dict[str, Any]:
        return {"images": self.values, "animated": (True,)}


class PreviewUI3D(UIOutput):
    """A model's file, for a 3D view."""

    def __init__(self, model_file: Any, camera_info: Any = None, **more: Any) -> None:
        self.model_file = model_file
        self.camera_info = camera_info
        picture = more.get("bg_image")
        self.bg_image_path = None
        if picture is not None:
            saved = ImageSaveHelper.save_images(picture, _temporary(), FolderType.temp, more.get("cls"), 1)[0]
            self.bg_image_path = f"temp/{saved.filename}"

    def as_dict(self) -> dict[str, Any]:
        return {"result": [self.model_file, self.camera_info, self.bg_image_path]}


class PreviewText(UIOutput):
    def __init__(self, value: str, **_: Any) -> None:
        self.value = value

    def as_dict(self) -> dict[str, Any]:
        return {"text": (self.value,)}


def _saved(files: Any, prefix: str, kind: FolderType, cls: Any, width: int, height: int) -> list[SavedResult]:
    found = save(files, str(prefix), FolderType(kind).value, cls, int(width), int(height))
    return [SavedResult(item["filename"], item["subfolder"], FolderType(item["type"])) for item in found]


def _batch(images: Any) -> Any:
    import torch

    return images if isinstance(images, torch.Tensor) else torch.stack(list(images))


def _temporary() -> str:
    return "ComfyUI_temp_" + "".join(secrets.choice(string.ascii_lowercase) for _ in range(5))


__all__ = [
    "AudioSaveHelper",
    "ImageSaveHelper",
    "PreviewAudio",
    "PreviewImage",
    "PreviewMask",
    "PreviewText",
    "PreviewUI3D",
    "PreviewVideo",
    "SavedAudios",
    "SavedImages",
    "SavedResult",
    "_UIOutput",
]
