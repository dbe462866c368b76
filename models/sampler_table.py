"""All samplers by name, and the choice of one with its options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from . import samplers as plain
from . import samplers_adams as adams
from . import samplers_cfg_pp as cfg_pp
from . import samplers_exponential as exponential
from . import samplers_multistep as multistep
from . import samplers_solver as solver
from . import samplers_stochastic as stochastic
from . import samplers_unipc as unipc
from .errors import ModelError
from .samplers import Denoise, Run, Sampler

SAMPLERS: dict[str, Sampler] = {
    "euler": plain.euler,
    "euler_cfg_pp": cfg_pp.euler_cfg_pp,
    "euler_ancestral": plain.euler_ancestral,
    "euler_ancestral_cfg_pp": cfg_pp.euler_ancestral_cfg_pp,
    "heun": plain.heun,
    "heunpp2": plain.heunpp2,
    "dpm_2": plain.dpm_2,
    "dpm_2_ancestral": plain.dpm_2_ancestral,
    "lms": multistep.lms,
    "dpm_fast": solver.dpm_fast,
    "dpm_adaptive": solver.dpm_adaptive,
    "dpmpp_2s_ancestral": plain.dpmpp_2s_ancestral,
    "dpmpp_2s_ancestral_cfg_pp": cfg_pp.dpmpp_2s_ancestral_cfg_pp,
    "dpmpp_sde": stochastic.dpmpp_sde,
    "dpmpp_sde_gpu": stochastic.dpmpp_sde,
    "dpmpp_2m": exponential.dpmpp_2m,
    "dpmpp_2m_cfg_pp": cfg_pp.dpmpp_2m_cfg_pp,
    "dpmpp_2m_sde": stochastic.dpmpp_2m_sde,
    "dpmpp_2m_sde_gpu": stochastic.dpmpp_2m_sde,
    "dpmpp_2m_sde_heun": stochastic.dpmpp_2m_sde_heun,
    "dpmpp_2m_sde_heun_gpu": stochastic.dpmpp_2m_sde_heun,
    "dpmpp_3m_sde": stochastic.dpmpp_3m_sde,
    "dpmpp_3m_sde_gpu": stochastic.dpmpp_3m_sde,
    "ddpm": plain.ddpm,
    "lcm": plain.lcm,
    "ipndm": multistep.ipndm,
    "ipndm_v": multistep.ipndm_v,
    "deis": multistep.deis,
    "res_multistep": exponential.res_multistep,
    "res_multistep_cfg_pp": cfg_pp.res_multistep_cfg_pp,
    "res_multistep_ancestral": exponential.res_multistep_ancestral,
    "res_multistep_ancestral_cfg_pp": cfg_pp.res_multistep_ancestral_cfg_pp,
    "gradient_estimation": multistep.gradient_estimation,
    "gradient_estimation_cfg_pp": cfg_pp.gradient_estimation_cfg_pp,
    "er_sde": stochastic.er_sde,
    "seeds_2": stochastic.seeds_2,
    "seeds_3": stochastic.seeds_3,
    "sa_solver": adams.sa_solver,
    "sa_solver_pece": adams.sa_solver_pece,
    "ddim": plain.euler,
    "uni_pc": unipc.uni_pc,
    "uni_pc_bh2": unipc.uni_pc_bh2,
}
"""By name, in the order of the combos.

ddim (Song et al., 2021) with eta 0 is Euler's method in sigma; the names with _gpu differ in the incumbent by where
noise is drawn, which here is always the CPU.
"""

_OWN_MASK_NOISE = frozenset({"ddim"})


@dataclass(frozen=True)
class SamplerChoice:
    """What a SAMPLER socket carries: a sampler and what is set beside its defaults."""

    name: str
    """As people know it; `SAMPLERS` need not have it."""
    function: Sampler
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def own_mask_noise(self) -> bool:
        """Whether what a mask keeps is made noisy with draws of its own, not with the run's."""
        return self.name in _OWN_MASK_NOISE

    def __call__(self, denoise: Denoise, x: Tensor, sigmas: Tensor, run: Run) -> Tensor:
        """Sample; form as in `samplers`."""
        return self.function(denoise, x, sigmas, run, **self.options)


def choose(name: str, **options: Any) -> SamplerChoice:
    """The sampler of that name with these options. Raises ModelError for a name that there is not."""
    if name not in SAMPLERS:
        raise ModelError(f"There is no sampler “{name}”. Choose one of {', '.join(SAMPLERS)}.")
    return SamplerChoice(name, SAMPLERS[name], options)
