"""The names of the methods of core node classes, which packs call: facts of ComfyUI's classes, in one table.

`ID: "method"`, or `"method: parameter, ..."` where the method takes its parameters in another order than the node's
inputs have. What is not here is called `execute`, as with all nodes of the newer form, and takes them in that order.
"""

from __future__ import annotations

_METHODS = """
CLIPTextEncode encode: clip, text
ConditioningCombine combine: conditioning_1, conditioning_2
ConditioningAverage addWeighted: conditioning_to, conditioning_from, conditioning_to_strength
ConditioningConcat concat: conditioning_to, conditioning_from
ConditioningSetArea append: conditioning, width, height, x, y, strength
ConditioningSetAreaPercentage append: conditioning, width, height, x, y, strength
ConditioningSetAreaStrength append: conditioning, strength
ConditioningSetMask append: conditioning, mask, set_cond_area, strength
ConditioningZeroOut zero_out
ConditioningSetTimestepRange set_range: conditioning, start, end
VAEDecode decode: vae, samples
VAEDecodeTiled decode: vae, samples, tile_size, overlap, temporal_size, temporal_overlap
VAEEncode encode: vae, pixels
VAEEncodeTiled encode: vae, pixels, tile_size, overlap, temporal_size, temporal_overlap
VAEEncodeForInpaint encode: vae, pixels, mask, grow_mask_by
InpaintModelConditioning encode: positive, negative, pixels, vae, mask, noise_mask
InstructPixToPixConditioning encode: positive, negative, pixels, vae
SaveLatent save: samples, filename_prefix, prompt, extra_pnginfo
LoadLatent load
CheckpointLoader load_checkpoint: config_name, ckpt_name
CheckpointLoaderSimple load_checkpoint
DiffusersLoader load_checkpoint
unCLIPCheckpointLoader load_checkpoint
CLIPSetLastLayer set_last_layer: clip, stop_at_clip_layer
LoraLoader load_lora: model, clip, lora_name, strength_model, strength_clip
LoraLoaderModelOnly load_lora_model_only: model, lora_name, strength_model
VAELoader load_vae
ControlNetLoader load_controlnet
DiffControlNetLoader load_controlnet: model, control_net_name
ControlNetApply apply_controlnet: conditioning, control_net, image, strength
ControlNetApplyAdvanced apply_controlnet: positive, negative, control_net, image, strength, \
    start_percent, end_percent, vae
ControlNetApplySD3 apply_controlnet: positive, negative, control_net, image, strength, start_percent, end_percent, vae
SetUnionControlNetType set_controlnet_type: control_net, type
ControlNetInpaintingAliMamaApply apply_inpaint_controlnet
UNETLoader load_unet: unet_name, weight_dtype
CLIPLoader load_clip: clip_name, type, device
DualCLIPLoader load_clip: clip_name1, clip_name2, type, device
TripleCLIPLoader load_clip: clip_name1, clip_name2, clip_name3
CLIPVisionLoader load_clip
CLIPVisionEncode encode: clip_vision, image, crop
StyleModelLoader load_style_model
StyleModelApply apply_stylemodel: conditioning, style_model, clip_vision_output, strength, strength_type
unCLIPConditioning apply_adm: conditioning, clip_vision_output, strength, noise_augmentation
HypernetworkLoader load_hypernetwork: model, hypernetwork_name, strength
EmptyLatentImage generate: width, height, batch_size
EmptySD3LatentImage generate: width, height, batch_size
LatentFromBatch frombatch: samples, batch_index, length
RepeatLatentBatch repeat: samples, amount
LatentUpscale upscale: samples, upscale_method, width, height, crop
LatentUpscaleBy upscale: samples, upscale_method, scale_by
LatentRotate rotate: samples, rotation
LatentFlip flip: samples, flip_method
LatentComposite composite: samples_to, samples_from, x, y, feather
LatentBlend blend: samples1, samples2, blend_factor
LatentCrop crop: samples, width, height, x, y
SetLatentNoiseMask set_mask: samples, mask
LatentAdd op
LatentSubtract op
LatentMultiply op
LatentInterpolate op
LatentBatch batch: samples1, samples2
LatentBatchSeedBehavior op
LatentApplyOperation op
LatentApplyOperationCFG patch
LatentOperationTonemapReinhard op
LatentOperationSharpen op
LatentCompositeMasked composite: destination, source, x, y, resize_source, mask
RebatchLatents rebatch
RebatchImages rebatch
KSampler sample: model, seed, steps, cfg, sampler_name, scheduler, positive, negative, latent_image, denoise
KSamplerAdvanced sample: model, add_noise, noise_seed, steps, cfg, sampler_name, scheduler, \
    positive, negative, latent_image, start_at_step, end_at_step, return_with_leftover_noise, denoise
SamplerCustom sample: model, add_noise, noise_seed, cfg, positive, negative, sampler, sigmas, latent_image
SamplerCustomAdvanced sample: noise, guider, sampler, sigmas, latent_image
BasicGuider get_guider: model, conditioning
CFGGuider get_guider: model, positive, negative, cfg
DualCFGGuider get_guider
PerpNegGuider get_guider
RandomNoise get_noise
DisableNoise get_noise
AddNoise add_noise: model, noise, sigmas, latent_image
KSamplerSelect get_sampler
SamplerDPMPP_3M_SDE get_sampler
SamplerDPMPP_2M_SDE get_sampler
SamplerDPMPP_SDE get_sampler
SamplerDPMPP_2S_Ancestral get_sampler
SamplerEulerAncestral get_sampler
SamplerEulerAncestralCFGPP get_sampler
SamplerLMS get_sampler
SamplerDPMAdaptative get_sampler
SamplerER_SDE get_sampler
SamplerSASolver get_sampler
SamplerEulerCFGpp get_sampler
SamplerLCMUpscale get_sampler
BasicScheduler get_sigmas: model, scheduler, steps, denoise
KarrasScheduler get_sigmas
ExponentialScheduler get_sigmas
PolyexponentialScheduler get_sigmas
LaplaceScheduler get_sigmas
VPScheduler get_sigmas
BetaSamplingScheduler get_sigmas
SDTurboScheduler get_sigmas: model, steps, denoise
AlignYourStepsScheduler get_sigmas: model_type, steps, denoise
GITSScheduler get_sigmas: coeff, steps, denoise
OptimalStepsScheduler get_sigmas
LTXVScheduler get_sigmas
SplitSigmas get_sigmas
SplitSigmasDenoise get_sigmas
FlipSigmas get_sigmas
SetFirstSigma set_first_sigma
ExtendIntermediateSigmas extend
SamplingPercentToSigma get_sigma
SaveImage save_images: images, filename_prefix, prompt, extra_pnginfo
PreviewImage save_images: images, prompt, extra_pnginfo
MaskPreview save_images
PreviewAny main
T5TokenizerOptions set_options: clip, min_padding, min_length
SD_4XUpscale_Conditioning encode
FluxKontextImageScale scale
EmptyHunyuanImageLatent generate
LoadImage load_image
LoadImageOutput load_image
LoadImageMask load_image: image, channel
WebcamCapture load_capture
ImageScale upscale: image, upscale_method, width, height, crop
ImageScaleBy upscale: image, upscale_method, scale_by
ImageScaleToTotalPixels upscale: image, upscale_method, megapixels
ImageInvert invert
ImageBatch batch: image1, image2
EmptyImage generate: width, height, batch_size, color
ImagePadForOutpaint expand_image: image, left, top, right, bottom, feathering
ImageCrop crop: image, width, height, x, y
RepeatImageBatch repeat: image, amount
ImageFromBatch frombatch: image, batch_index, length
ImageAddNoise repeat
ImageStitch stitch
ResizeAndPadImage resize_and_pad
GetImageSize get_size
SaveAnimatedWEBP save_images
SaveAnimatedPNG save_images
SaveSVGNode save_svg
ImageCompositeMasked composite: destination, source, x, y, resize_source, mask
ImageBlend blend_images: image1, image2, blend_factor, blend_mode
ImageBlur blur: image, blur_radius, sigma
ImageQuantize quantize: image, colors, dither
ImageSharpen sharpen: image, sharpen_radius, sigma, alpha
Canny detect_edge: image, low_threshold, high_threshold
Morphology process
MaskToImage mask_to_image
ImageToMask image_to_mask: image, channel
ImageColorToMask image_to_mask: image, color
SolidMask solid: value, width, height
InvertMask invert
CropMask crop: mask, x, y, width, height
MaskComposite combine: destination, source, x, y, operation
FeatherMask feather: mask, left, top, right, bottom
GrowMask expand_mask: mask, expand, tapered_corners
ThresholdMask image_to_mask: mask, value
JoinImageWithAlpha join_image_with_alpha: image, alpha
SplitImageWithAlpha split_image_with_alpha
PorterDuffImageComposite composite: source, source_alpha, destination, destination_alpha, mode
UpscaleModelLoader load_model
ImageUpscaleWithModel upscale: upscale_model, image
CLIPTextEncodeSDXL encode: clip, width, height, crop_w, crop_h, target_width, target_height, text_g, text_l
CLIPTextEncodeSDXLRefiner encode: clip, ascore, width, height, text
CLIPTextEncodeSD3 encode: clip, clip_l, clip_g, t5xxl, empty_padding
CLIPTextEncodeFlux encode: clip, clip_l, t5xxl, guidance
CLIPTextEncodeControlnet encode: clip, conditioning, text
FluxGuidance append: conditioning, guidance
FluxDisableGuidance append
ReferenceLatent append: conditioning, latent
ModelSamplingDiscrete patch: model, sampling, zsnr
ModelSamplingContinuousEDM patch: model, sampling, sigma_max, sigma_min
ModelSamplingContinuousV patch: model, sampling, sigma_max, sigma_min
ModelSamplingSD3 patch: model, shift
ModelSamplingAuraFlow patch_aura: model, shift
ModelSamplingFlux patch: model, max_shift, base_shift, width, height
RescaleCFG patch: model, multiplier
RenormCFG patch
PerturbedAttentionGuidance patch: model, scale
SelfAttentionGuidance patch: model, scale, blur_sigma
SkipLayerGuidanceDiT skip_guidance
SkipLayerGuidanceDiTSimple skip_guidance
SkipLayerGuidanceSD3 skip_guidance_sd3
TCFG patch
CFGZeroStar patch
CFGNorm patch
APG patch
Mahiro patch
DifferentialDiffusion apply
FreSca patch
PerpNeg patch: model, empty_conditioning, neg_scale
VideoLinearCFGGuidance patch: model, min_cfg
VideoTriangleCFGGuidance patch: model, min_cfg
FreeU patch: model, b1, b2, s1, s2
FreeU_V2 patch: model, b1, b2, s1, s2
HyperTile patch: model, tile_size, swap_size, max_depth, scale_depth
TomePatchModel patch: model, ratio
PatchModelAddDownscale patch
TorchCompileModel patch
ModelComputeDtype patch: model, dtype
ModelMergeSimple merge: model1, model2, ratio
ModelMergeSubtract merge: model1, model2, multiplier
ModelMergeAdd merge: model1, model2
ModelMergeBlocks merge
ModelMergeSD1 merge
ModelMergeSD2 merge
ModelMergeSDXL merge
ModelMergeSD3_2B merge
ModelMergeSD35_Large merge
ModelMergeFlux1 merge
CLIPMergeSimple merge: clip1, clip2, ratio
CLIPMergeSubtract merge: clip1, clip2, multiplier
CLIPMergeAdd merge: clip1, clip2
CheckpointSave save: model, clip, vae, filename_prefix, prompt, extra_pnginfo
ModelSave save: model, filename_prefix, prompt, extra_pnginfo
CLIPSave save: clip, filename_prefix, prompt, extra_pnginfo
VAESave save: vae, filename_prefix, prompt, extra_pnginfo
LoraSave save
UNetSelfAttentionMultiply patch: model, q, k, v, out
UNetCrossAttentionMultiply patch: model, q, k, v, out
UNetTemporalAttentionMultiply patch
CLIPAttentionMultiply patch: clip, q, k, v, out
CreateHookLora create_hook
CreateHookLoraModelOnly create_hook_model_only
CreateHookModelAsLora create_hook
CreateHookModelAsLoraModelOnly create_hook_model_only
CombineHooks2 combine_hooks
CombineHooks4 combine_hooks
CombineHooks8 combine_hooks
SetHookKeyframes set_hook_keyframes
CreateHookKeyframe create_hook_keyframe
CreateHookKeyframesInterpolated create_hook_keyframes
CreateHookKeyframesFromFloats create_hook_keyframes
SetClipHooks apply_hooks
ConditioningTimestepsRange create_range
ConditioningSetProperties set_properties
ConditioningSetPropertiesAndCombine set_properties
ConditioningSetDefaultCombine set_default_and_combine
PairConditioningSetProperties set_properties
PairConditioningSetPropertiesAndCombine set_properties
PairConditioningCombine combine
PairConditioningSetDefaultCombine set_default_and_combine
""".strip().splitlines()

CLASSES = {
    "ModelSubtract": "ModelMergeSubtract",
    "ModelAdd": "ModelMergeAdd",
    "CLIPSubtract": "CLIPMergeSubtract",
    "CLIPAdd": "CLIPMergeAdd",
    "LatentRebatch": "RebatchLatents",
    "ImageRebatch": "RebatchImages",
    "Blend": "ImageBlend",
    "Blur": "ImageBlur",
    "Quantize": "ImageQuantize",
    "Sharpen": "ImageSharpen",
    "EpsilonScaling": "Epsilon Scaling",
}
"""Classes whose names are not their nodes' ids."""


def _table() -> dict[str, tuple[str, tuple[str, ...]]]:
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    for line in _METHODS:
        class_type, _, rest = line.partition(" ")
        method, _, parameters = rest.partition(":")
        found[class_type] = method, tuple(name.strip() for name in parameters.split(",") if name.strip())
    return found


METHODS = _table()


def method_of(class_type: str) -> tuple[str, tuple[str, ...]]:
    """The method's name, and its parameters where their order is known to be its own."""
    return METHODS.get(class_type, ("execute", ()))
