/** What other programs call the samplers and schedules that we have under other names, and which files they mean. */
import { nearest } from '../model/nearest.js'

/** A1111's and Forge's, in small letters. */
const SAMPLERS = new Map(Object.entries({
  'euler a': 'euler_ancestral', 'euler': 'euler', 'lms': 'lms', 'heun': 'heun', 'heunpp2': 'heunpp2', 'dpm2': 'dpm_2', 'dpm2 a': 'dpm_2_ancestral',
  'dpm++ 2s a': 'dpmpp_2s_ancestral', 'dpm++ 2m': 'dpmpp_2m', 'dpm++ sde': 'dpmpp_sde', 'dpm++ 2m sde': 'dpmpp_2m_sde', 'dpm++ 2m sde heun': 'dpmpp_2m_sde_heun',
  'dpm++ 3m sde': 'dpmpp_3m_sde', 'dpm fast': 'dpm_fast', 'dpm adaptive': 'dpm_adaptive', 'ddim': 'ddim', 'unipc': 'uni_pc', 'lcm': 'lcm', 'ddpm': 'ddpm',
  'deis': 'deis', 'ipndm': 'ipndm', 'ipndm_v': 'ipndm_v', 'euler cfg++': 'euler_cfg_pp', 'euler a cfg++': 'euler_ancestral_cfg_pp', 'ddim cfg++': 'euler_cfg_pp',
  'dpm++ 2m cfg++': 'dpmpp_2m_cfg_pp', 'dpm++ 2s a cfg++': 'dpmpp_2s_ancestral_cfg_pp', 'res multistep': 'res_multistep', 'er sde': 'er_sde', 'seeds 2': 'seeds_2',
  'seeds 3': 'seeds_3', 'sa solver': 'sa_solver', 'gradient estimation': 'gradient_estimation', 'flux realistic': 'euler', '[forge] flux realistic': 'euler',
  // InvokeAI's
  'euler_a': 'euler_ancestral', 'kdpm_2': 'dpm_2', 'kdpm_2_a': 'dpm_2_ancestral', 'dpmpp_2s': 'dpmpp_2s_ancestral', 'dpmpp_2m': 'dpmpp_2m', 'dpmpp_2m_sde': 'dpmpp_2m_sde',
  'dpmpp_sde': 'dpmpp_sde', 'dpmpp_3m': 'dpmpp_3m_sde', 'er_sde': 'er_sde', 'pndm': 'ipndm',
  // NovelAI's and those of InvokeAI 2
  'k_euler': 'euler', 'k_euler_a': 'euler_ancestral', 'k_euler_ancestral': 'euler_ancestral', 'k_lms': 'lms', 'k_heun': 'heun', 'k_dpm_2': 'dpm_2', 'k_dpm_2_a': 'dpm_2_ancestral',
  'k_dpm_2_ancestral': 'dpm_2_ancestral', 'k_dpmpp_2': 'dpmpp_2m', 'k_dpmpp_2_a': 'dpmpp_2s_ancestral', 'k_dpmpp_2m': 'dpmpp_2m', 'k_dpmpp_2m_sde': 'dpmpp_2m_sde',
  'k_dpmpp_sde': 'dpmpp_sde', 'k_dpmpp_2s_ancestral': 'dpmpp_2s_ancestral', 'k_dpm_fast': 'dpm_fast', 'k_dpm_adaptive': 'dpm_adaptive', 'ddim_v3': 'ddim',
  'nai_smea': 'euler', 'nai_smea_dyn': 'euler_ancestral'
}))

/** Ours that other programs call alike, beside those above. */
const OURS = new Set([...SAMPLERS.values()])

/** Those that we have not, with what comes closest. */
const CLOSEST = new Map(Object.entries({ 'plms': 'ipndm', 'restart': 'heun', 'tcd': 'lcm', 'dpm++ 2s a karras': 'dpmpp_2s_ancestral', 'euler smea': 'euler', 'euler smea dy': 'euler', 'euler negative': 'euler' }))

const SCHEDULES = new Map(Object.entries({
  'uniform': 'normal', 'karras': 'karras', 'exponential': 'exponential', 'sgm uniform': 'sgm_uniform', 'sgm_uniform': 'sgm_uniform', 'kl optimal': 'kl_optimal', 'simple': 'simple', 'normal': 'normal',
  'ddim': 'ddim_uniform', 'ddim uniform': 'ddim_uniform', 'beta': 'beta', 'linear quadratic': 'linear_quadratic', 'linear_quadratic': 'linear_quadratic', 'kl_optimal': 'kl_optimal', 'ddim_uniform': 'ddim_uniform', 'native': 'normal'
}))
const CLOSEST_SCHEDULES = new Map(Object.entries({ 'polyexponential': 'exponential', 'align your steps': 'karras', 'align your steps gits': 'karras', 'ays sd15': 'karras', 'turbo': 'sgm_uniform' }))

/** What A1111 takes where its schedule is left to the sampler. */
const AUTOMATIC = new Map(Object.entries({
  dpm_2: 'karras', dpm_2_ancestral: 'karras', dpmpp_2s_ancestral: 'karras', dpmpp_2m: 'karras', dpmpp_sde: 'karras', dpmpp_2m_sde: 'exponential',
  dpmpp_2m_sde_heun: 'exponential', dpmpp_3m_sde: 'exponential', lcm: 'sgm_uniform', ddim: 'ddim_uniform'
}))

/** @typedef {{ name: string, exact: boolean }} Match  `exact` is false for what only comes close */

/** @param {string} name @returns {Match & { schedule: string }} `schedule`: the one that older versions wrote into the sampler's name */
export function samplerNamed(name) {
  let plain = name.toLowerCase().replaceAll(/\s+/gu, ' ').trim()
  let schedule = ''
  for (const [ending, of] of /** @type {const} */ ([[' karras', 'karras'], [' exponential', 'exponential'], [' polyexponential', 'polyexponential'], ['_k', 'karras']])) {
    if (!plain.endsWith(ending) || SAMPLERS.has(plain)) continue
    plain = plain.slice(0, -ending.length)
    schedule = of
  }
  const found = SAMPLERS.get(plain)
  if (!found && OURS.has(plain)) return { name: plain, exact: true, schedule }
  return { name: found ?? CLOSEST.get(plain) ?? 'euler', exact: found !== undefined, schedule }
}

/** @param {string} name '' or "Automatic" for what goes with the sampler @param {string} sampler of ours @returns {Match} */
export function scheduleNamed(name, sampler) {
  const plain = name.toLowerCase().trim()
  if (plain === '' || plain === 'automatic') return { name: AUTOMATIC.get(sampler) ?? 'normal', exact: true }
  const found = SCHEDULES.get(plain)
  return { name: found ?? CLOSEST_SCHEDULES.get(plain) ?? 'normal', exact: found !== undefined }
}

/**
 * The file at hand that is meant: of that hash, or of that name in whatever folder and with whatever ending. Null where it
 * is not here: what is only like it would give another picture.
 *
 * @param {import('./recipe.js').FileName} wanted @param {readonly string[]} files
 * @param {(hash: string) => string | undefined} byHash
 */
export function fileMeant({ name, hash }, files, byHash) {
  const found = hash ? byHash(hash.toLowerCase()) : undefined
  if (found !== undefined && files.includes(found)) return found
  const [best] = nearest(name, files, { limit: 1 })
  if (best && best.score >= 0.95) return best.choice
  const plain = stemOf(name)
  return files.find((file) => stemOf(file) === plain) ?? null
}

/** A1111 names files without folder and ending, some with the hash: "model [1234abcd]". @param {string} name */
const stemOf = (name) => name.slice(-200).replace(/\s*\[[0-9a-f]{6,12}\]\s*$/iu, '').replace(/^.*[/\\]/u, '').replace(/\.(?:safetensors|ckpt|pt|pth|bin|gguf|sft)$/iu, '').toLowerCase()
