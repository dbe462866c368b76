"""The Wan video models."""

from __future__ import annotations

from graph.annotations import MAX_RESOLUTION
from nodes.later.declare import (
    BATCH,
    canvas,
    choice,
    declare,
    integer,
    length,
    real,
    sockets,
    text,
    toggle,
    waiting_for,
)

GUIDED = sockets("positive: CONDITIONING, negative: CONDITIONING, vae: VAE")
GUIDED_LATENT = "positive: CONDITIONING, negative: CONDITIONING, latent: LATENT"

LATER = (
    *waiting_for(
        "the Wan video models",
        declare(
            "WanImageToVideo",
            "conditioning/video_models",
            [
                *GUIDED,
                *canvas(832, 480),
                length(81),
                BATCH,
                *sockets("clip_vision_output?: CLIP_VISION_OUTPUT, start_image?: IMAGE"),
            ],
            GUIDED_LATENT,
            "Conditioning and empty latents for a Wan video that may begin with a picture.",
        ),
        declare(
            "WanFirstLastFrameToVideo",
            "conditioning/video_models",
            [
                *GUIDED,
                *canvas(832, 480),
                length(81),
                BATCH,
                *sockets(
                    "clip_vision_start_image?: CLIP_VISION_OUTPUT, clip_vision_end_image?: CLIP_VISION_OUTPUT",
                    "start_image?: IMAGE, end_image?: IMAGE",
                ),
            ],
            GUIDED_LATENT,
            "Conditioning and latents for a Wan video between a first and a last picture.",
        ),
        declare(
            "WanFunControlToVideo",
            "conditioning/video_models",
            [
                *GUIDED,
                *canvas(832, 480),
                length(81),
                BATCH,
                *sockets("clip_vision_output?: CLIP_VISION_OUTPUT, start_image?: IMAGE, control_video?: IMAGE"),
            ],
            GUIDED_LATENT,
            "Conditioning and latents for a Wan Fun video that follows a control video.",
        ),
        declare(
            "WanFunInpaintToVideo",
            "conditioning/video_models",
            [
                *GUIDED,
                *canvas(832, 480),
                length(81),
                BATCH,
                *sockets("clip_vision_output?: CLIP_VISION_OUTPUT, start_image?: IMAGE, end_image?: IMAGE"),
            ],
            GUIDED_LATENT,
            "Conditioning and latents for a Wan Fun video that fills in between two pictures.",
        ),
        declare(
            "Wan22FunControlToVideo",
            "conditioning/video_models",
            [*GUIDED, *canvas(832, 480), length(81), BATCH, *sockets("ref_image?: IMAGE, control_video?: IMAGE")],
            GUIDED_LATENT,
            "Conditioning and latents for a Wan 2.2 Fun video that follows a control video.",
        ),
        declare(
            "WanVaceToVideo",
            "conditioning/video_models",
            [
                *GUIDED,
                *canvas(832, 480),
                length(81),
                BATCH,
                real("strength", 1.0, 0.0, 1000.0, 0.01),
                *sockets("control_video?: IMAGE, control_masks?: MASK, reference_image?: IMAGE"),
            ],
            "positive: CONDITIONING, negative: CONDITIONING, latent: LATENT, trim_latent: INT",
            "Conditioning and latents for a VACE video: control frames, masks and a reference picture.",
        ),
        declare(
            "WanCameraEmbedding",
            "camera",
            [
                choice(
                    "camera_pose",
                    "Static",
                    "Pan Up",
                    "Pan Down",
                    "Pan Left",
                    "Pan Right",
                    "Zoom In",
                    "Zoom Out",
                    "Anti Clockwise (ACW)",
                    "ClockWise (CW)",
                    default="Static",
                ),
                *canvas(832, 480),
                length(81),
                real("speed", 1.0, 0.0, 10.0, 0.1, optional=True),
                real("fx", 0.5, 0.0, 1.0, 1e-09, optional=True),
                real("fy", 0.5, 0.0, 1.0, 1e-09, optional=True),
                real("cx", 0.5, 0.0, 1.0, 0.01, optional=True),
                real("cy", 0.5, 0.0, 1.0, 0.01, optional=True),
            ],
            "camera_embedding: WAN_CAMERA_EMBEDDING, width: INT, height: INT, length: INT",
            "The path of a camera, as Wan's camera models take it.",
        ),
        declare(
            "WanCameraImageToVideo",
            "conditioning/video_models",
            [
                *GUIDED,
                *canvas(832, 480),
                length(81),
                BATCH,
                *sockets(
                    "clip_vision_output?: CLIP_VISION_OUTPUT, start_image?: IMAGE",
                    "camera_conditions?: WAN_CAMERA_EMBEDDING",
                ),
            ],
            GUIDED_LATENT,
            "Conditioning and latents for a Wan video whose camera follows a path.",
        ),
        declare(
            "WanPhantomSubjectToVideo",
            "conditioning/video_models",
            [*GUIDED, *canvas(832, 480), length(81), BATCH, *sockets("images?: IMAGE")],
            ("positive: CONDITIONING, negative_text: CONDITIONING, negative_img_text: CONDITIONING, latent: LATENT"),
            "Conditioning and latents for a Phantom video that shows the given subjects.",
        ),
        declare(
            "WanTrackToVideo",
            "conditioning/video_models",
            [
                *GUIDED,
                text("tracks", "[]", multiline=True),
                *canvas(832, 480),
                length(81),
                BATCH,
                real("temperature", 220.0, 1.0, 1000.0, 0.1),
                integer("topk", 2, 1, 10),
                *sockets("start_image: IMAGE, clip_vision_output?: CLIP_VISION_OUTPUT"),
            ],
            GUIDED_LATENT,
            "Conditioning and latents for a Wan video in which points move along tracks.",
        ),
        declare(
            "WanSoundImageToVideo",
            "conditioning/video_models",
            [
                *GUIDED,
                *canvas(832, 480),
                length(77),
                BATCH,
                *sockets(
                    "audio_encoder_output?: AUDIO_ENCODER_OUTPUT, ref_image?: IMAGE, control_video?: IMAGE",
                    "ref_motion?: IMAGE",
                ),
            ],
            GUIDED_LATENT,
            "Conditioning and latents for a Wan video that moves with a sound.",
        ),
        declare(
            "WanSoundImageToVideoExtend",
            "conditioning/video_models",
            [
                *GUIDED,
                length(77),
                *sockets(
                    "video_latent: LATENT, audio_encoder_output?: AUDIO_ENCODER_OUTPUT, ref_image?: IMAGE",
                    "control_video?: IMAGE",
                ),
            ],
            GUIDED_LATENT,
            "Go on with a Wan video that moves with a sound.",
        ),
        declare(
            "WanHuMoImageToVideo",
            "conditioning/video_models",
            [
                *GUIDED,
                *canvas(832, 480),
                length(97),
                BATCH,
                *sockets("audio_encoder_output?: AUDIO_ENCODER_OUTPUT, ref_image?: IMAGE"),
            ],
            GUIDED_LATENT,
            "Conditioning and latents for a HuMo video of a person that moves with a sound.",
            experimental=True,
        ),
        declare(
            "WanAnimateToVideo",
            "conditioning/video_models",
            [
                *GUIDED,
                *canvas(832, 480),
                length(77),
                BATCH,
                integer("continue_motion_max_frames", 5, 1, MAX_RESOLUTION, 4),
                integer("video_frame_offset", 0, 0, MAX_RESOLUTION),
                *sockets(
                    "clip_vision_output?: CLIP_VISION_OUTPUT, reference_image?: IMAGE, face_video?: IMAGE",
                    "pose_video?: IMAGE, background_video?: IMAGE, character_mask?: MASK",
                    "continue_motion?: IMAGE",
                ),
            ],
            (
                "positive: CONDITIONING, negative: CONDITIONING, latent: LATENT, "
                "trim_latent: INT, trim_image: INT, video_frame_offset: INT"
            ),
            "Conditioning and latents for a Wan Animate video: a character takes over pose and face of another.",
            experimental=True,
        ),
        declare(
            "Wan22ImageToVideoLatent",
            "conditioning/inpaint",
            [
                *sockets("vae: VAE"),
                *canvas(1280, 704, low=32, step=32),
                length(49),
                BATCH,
                *sockets("start_image?: IMAGE"),
            ],
            "LATENT",
            "Latents for Wan 2.2 5B that may begin with a picture.",
        ),
        declare(
            "WanContextWindowsManual",
            "context",
            [
                *sockets("model: MODEL"),
                integer("context_length", 81, 1, MAX_RESOLUTION, 4),
                integer("context_overlap", 30, 0),
                choice("context_schedule", "standard_static", "standard_uniform", "looped_uniform", "batched"),
                integer("context_stride", 1, 1),
                toggle("closed_loop", False),
                choice("fuse_method", "pyramid", "relative", "flat", "overlap-linear", default="pyramid"),
            ],
            "MODEL",
            "Sample a long Wan video in windows that overlap.",
            title="WAN Context Windows (Manual)",
            experimental=True,
        ),
        declare(
            "TrimVideoLatent",
            "latent/video",
            [*sockets("samples: LATENT"), integer("trim_amount", 0, 0, 99999)],
            "LATENT",
            "Cut frames off the beginning of video latents.",
        ),
    ),
)
