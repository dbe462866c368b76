"""The socket types whose inputs have no widget."""
# pyright: basic
# The values behind most of them are whatever the packs' nodes pass on.

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NotRequired, TypedDict

from torch import Tensor

from models.video import Video as _Video

from ._types import ComfyTypeIO, socket
from ._util import MESH, VOXEL
from ._util import SVG as _SVG


class Latent(ComfyTypeIO):
    io_type = "LATENT"

    class LatentDict(TypedDict):
        samples: Tensor
        noise_mask: NotRequired[Tensor]
        batch_index: NotRequired[list[int]]
        type: NotRequired[str]

    Type = LatentDict


class Conditioning(ComfyTypeIO):
    io_type = "CONDITIONING"
    PooledDict = dict[str, Any]
    """`pooled_output`, and what nodes set beside it."""
    CondList = list[tuple[Tensor, dict[str, Any]]]
    Type = CondList


class Audio(ComfyTypeIO):
    io_type = "AUDIO"

    class AudioDict(TypedDict):
        waveform: Tensor
        sample_rate: int

    Type = AudioDict


class LossMap(ComfyTypeIO):
    io_type = "LOSS_MAP"

    class LossMapDict(TypedDict):
        loss: list[Tensor]

    Type = LossMapDict


class Accumulation(ComfyTypeIO):
    io_type = "ACCUMULATION"

    class AccumulationDict(TypedDict):
        accum: list[Any]

    Type = AccumulationDict


class Tracks(ComfyTypeIO):
    io_type = "TRACKS"

    class TrackDict(TypedDict):
        track_path: Tensor
        track_visibility: Tensor

    Type = TrackDict


class Load3DCamera(ComfyTypeIO):
    io_type = "LOAD3D_CAMERA"

    class CameraInfo(TypedDict):
        position: dict[str, float]
        target: dict[str, float]
        zoom: float
        cameraType: str

    Type = CameraInfo


class Load3D(ComfyTypeIO):
    io_type = "LOAD_3D"

    class Model3DDict(TypedDict):
        image: str
        mask: str
        normal: str
        camera_info: dict[str, Any]
        recording: NotRequired[str]

    Type = Model3DDict


class Load3DAnimation(Load3D):
    io_type = "LOAD_3D_ANIMATION"


AnyType = socket("AnyType", "*")
Array = socket("Array", "ARRAY", list)
AudioEncoder = socket("AudioEncoder", "AUDIO_ENCODER")
AudioEncoderOutput = socket("AudioEncoderOutput", "AUDIO_ENCODER_OUTPUT")
BBOX = socket("BBOX", "BBOX")
BackgroundRemoval = socket("BackgroundRemoval", "BACKGROUND_REMOVAL")
Clip = socket("Clip", "CLIP")
ClipVision = socket("ClipVision", "CLIP_VISION")
ClipVisionOutput = socket("ClipVisionOutput", "CLIP_VISION_OUTPUT")
ControlNet = socket("ControlNet", "CONTROL_NET")
Dict = socket("Dict", "DICT", dict)
FaceAnalysis = socket("FaceAnalysis", "FACE_ANALYSIS")
File3DAny = socket("File3DAny", "FILE_3D")
File3DFBX = socket("File3DFBX", "FILE_3D_FBX")
File3DGLB = socket("File3DGLB", "FILE_3D_GLB")
File3DGLTF = socket("File3DGLTF", "FILE_3D_GLTF")
File3DKSPLAT = socket("File3DKSPLAT", "FILE_3D_KSPLAT")
File3DOBJ = socket("File3DOBJ", "FILE_3D_OBJ")
File3DPLY = socket("File3DPLY", "FILE_3D_PLY")
File3DPointCloudAny = socket("File3DPointCloudAny", "FILE_3D_POINT_CLOUD_ANY")
File3DSplatAny = socket("File3DSplatAny", "FILE_3D_SPLAT_ANY")
File3DSPLAT = socket("File3DSPLAT", "FILE_3D_SPLAT")
File3DSPZ = socket("File3DSPZ", "FILE_3D_SPZ")
File3DSTL = socket("File3DSTL", "FILE_3D_STL")
File3DUSDZ = socket("File3DUSDZ", "FILE_3D_USDZ")
FlowControl = socket("FlowControl", "FLOW_CONTROL", tuple[str, Any])
Gligen = socket("Gligen", "GLIGEN")
Guider = socket("Guider", "GUIDER")
Histogram = socket("Histogram", "HISTOGRAM", list[int])
HookKeyframes = socket("HookKeyframes", "HOOK_KEYFRAMES")
Hooks = socket("Hooks", "HOOKS")
Image = socket("Image", "IMAGE", Tensor)
LatentOperation = socket("LatentOperation", "LATENT_OPERATION", Callable[[Tensor], Tensor])
LatentUpscaleModel = socket("LatentUpscaleModel", "LATENT_UPSCALE_MODEL")
Layers = socket("Layers", "LAYERS", dict)
Load3DModelInfo = socket("Load3DModelInfo", "LOAD3D_MODEL_INFO", list)
LoraModel = socket("LoraModel", "LORA_MODEL", dict[str, Tensor])
Mask = socket("Mask", "MASK", Tensor)
Mesh = socket("Mesh", "MESH", MESH)
Model = socket("Model", "MODEL")
ModelPatch = socket("ModelPatch", "MODEL_PATCH")
Noise = socket("Noise", "NOISE")
Photomaker = socket("Photomaker", "PHOTOMAKER")
Point = socket("Point", "POINT")
SEGS = socket("SEGS", "SEGS")
SVG = socket("SVG", "SVG", _SVG)
Sampler = socket("Sampler", "SAMPLER")
Sigmas = socket("Sigmas", "SIGMAS", Tensor)
Splat = socket("Splat", "SPLAT")
StyleModel = socket("StyleModel", "STYLE_MODEL")
TimestepsRange = socket("TimestepsRange", "TIMESTEPS_RANGE", tuple[int, int])
UpscaleModel = socket("UpscaleModel", "UPSCALE_MODEL")
Vae = socket("Vae", "VAE")
Video = socket("Video", "VIDEO", _Video)
Voxel = socket("Voxel", "VOXEL", VOXEL)
WanCameraEmbedding = socket("WanCameraEmbedding", "WAN_CAMERA_EMBEDDING", Tensor)

__all__ = [  # pyright: ignore[reportUnsupportedDunderAll]
    name
    for name, kind in list(globals().items())
    if isinstance(kind, type) and issubclass(kind, ComfyTypeIO) and kind is not ComfyTypeIO
]
