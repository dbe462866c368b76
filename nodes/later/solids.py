"""Three dimensions: views of an object, meshes and their files."""

from __future__ import annotations

from nodes.later.declare import BATCH, canvas, choice, declare, file, integer, real, sockets, text, waiting_for

LATER = (
    *waiting_for(
        "3D files",
        declare(
            "Load3D",
            "3d",
            [
                file("model_file", "input", upload="file"),
                *sockets("image: LOAD_3D"),
                integer("width", 1024, 1, 4096),
                integer("height", 1024, 1, 4096),
            ],
            (
                "image: IMAGE, mask: MASK, mesh_path: STRING, "
                "normal: IMAGE, lineart: IMAGE, camera_info: LOAD3D_CAMERA, recording_video: VIDEO"
            ),
            "Load a 3D model and render a view of it.",
            title="Load 3D",
            experimental=True,
        ),
        declare(
            "Load3DAnimation",
            "3d",
            [
                file("model_file", "input", upload="file"),
                *sockets("image: LOAD_3D_ANIMATION"),
                integer("width", 1024, 1, 4096),
                integer("height", 1024, 1, 4096),
            ],
            (
                "image: IMAGE, mask: MASK, mesh_path: STRING, "
                "normal: IMAGE, camera_info: LOAD3D_CAMERA, recording_video: VIDEO"
            ),
            "Load a moving 3D model and render a view of it.",
            title="Load 3D - Animation",
            experimental=True,
        ),
        declare(
            "Preview3D",
            "3d",
            [text("model_file", ""), *sockets("camera_info?: LOAD3D_CAMERA")],
            "",
            "Show a 3D model on the page.",
            title="Preview 3D",
            output=True,
            experimental=True,
        ),
        declare(
            "Preview3DAnimation",
            "3d",
            [text("model_file", ""), *sockets("camera_info?: LOAD3D_CAMERA")],
            "",
            "Show a moving 3D model on the page.",
            title="Preview 3D - Animation",
            output=True,
            experimental=True,
        ),
        declare(
            "SaveGLB",
            "3d",
            [*sockets("mesh: MESH"), text("filename_prefix", "mesh/ComfyUI")],
            "",
            "Save a mesh as GLB.",
            output=True,
        ),
        declare(
            "VoxelToMesh",
            "3d",
            [
                *sockets("voxel: VOXEL"),
                choice("algorithm", "surface net", "basic"),
                real("threshold", 0.6, -1.0, 1.0, 0.01),
            ],
            "MESH",
            "Lay a mesh around voxels.",
        ),
        declare(
            "VoxelToMeshBasic",
            "3d",
            [*sockets("voxel: VOXEL"), real("threshold", 0.6, -1.0, 1.0, 0.01)],
            "MESH",
            "Lay a mesh of cubes around voxels.",
        ),
    ),
    *waiting_for(
        "the Hunyuan 3D models",
        declare(
            "EmptyLatentHunyuan3Dv2",
            "latent/3d",
            [integer("resolution", 3072, 1, 8192), BATCH],
            "LATENT",
            "Empty latents for Hunyuan 3D 2.",
        ),
        declare(
            "Hunyuan3Dv2Conditioning",
            "conditioning/video_models",
            sockets("clip_vision_output: CLIP_VISION_OUTPUT"),
            "positive: CONDITIONING, negative: CONDITIONING",
            "Conditioning for Hunyuan 3D from one view of an object.",
        ),
        declare(
            "Hunyuan3Dv2ConditioningMultiView",
            "conditioning/video_models",
            sockets(
                "front?: CLIP_VISION_OUTPUT, left?: CLIP_VISION_OUTPUT, back?: CLIP_VISION_OUTPUT",
                "right?: CLIP_VISION_OUTPUT",
            ),
            "positive: CONDITIONING, negative: CONDITIONING",
            "Conditioning for Hunyuan 3D from several views of an object.",
        ),
        declare(
            "VAEDecodeHunyuan3D",
            "latent/3d",
            [
                *sockets("samples: LATENT, vae: VAE"),
                integer("num_chunks", 8000, 1000, 500000),
                integer("octree_resolution", 256, 16, 512),
            ],
            "VOXEL",
            "Turn Hunyuan 3D latents into voxels.",
        ),
    ),
    *waiting_for(
        "models that turn an object",
        declare(
            "StableZero123_Conditioning",
            "conditioning/3d_models",
            [
                *sockets("clip_vision: CLIP_VISION, init_image: IMAGE, vae: VAE"),
                *canvas(256, 256, step=8),
                BATCH,
                real("elevation", 0.0, -180.0, 180.0, 0.1, rounded=False),
                real("azimuth", 0.0, -180.0, 180.0, 0.1, rounded=False),
            ],
            "positive: CONDITIONING, negative: CONDITIONING, latent: LATENT",
            "Conditioning and latents for a view of an object from another side.",
        ),
        declare(
            "StableZero123_Conditioning_Batched",
            "conditioning/3d_models",
            [
                *sockets("clip_vision: CLIP_VISION, init_image: IMAGE, vae: VAE"),
                *canvas(256, 256, step=8),
                BATCH,
                real("elevation", 0.0, -180.0, 180.0, 0.1, rounded=False),
                real("azimuth", 0.0, -180.0, 180.0, 0.1, rounded=False),
                real("elevation_batch_increment", 0.0, -180.0, 180.0, 0.1, rounded=False),
                real("azimuth_batch_increment", 0.0, -180.0, 180.0, 0.1, rounded=False),
            ],
            "positive: CONDITIONING, negative: CONDITIONING, latent: LATENT",
            "Conditioning and latents for several views of an object, each from further round.",
        ),
        declare(
            "SV3D_Conditioning",
            "conditioning/3d_models",
            [
                *sockets("clip_vision: CLIP_VISION, init_image: IMAGE, vae: VAE"),
                *canvas(576, 576, step=8),
                integer("video_frames", 21, 1, 4096),
                real("elevation", 0.0, -90.0, 90.0, 0.1, rounded=False),
            ],
            "positive: CONDITIONING, negative: CONDITIONING, latent: LATENT",
            "Conditioning and latents for a video that goes round an object.",
        ),
    ),
)
