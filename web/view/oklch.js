/**
 * Colours in OKLCH, where equal lightness looks equally light, as the sRGB text that canvas and style sheet take.
 * After Björn Ottosson, "A perceptual color space for image processing" (2020).
 */

/** @param {number} lightness 0 to 1 @param {number} chroma 0 to about 0.37 @param {number} hue degrees @returns {string} `#rrggbb`, the chroma lowered until sRGB holds it */
export function oklch(lightness, chroma, hue) {
  for (let c = chroma; c > 0; c -= 0.005) {
    const rgb = toRgb(lightness, c, hue)
    if (rgb.every((part) => part >= -0.001 && part <= 1.001)) return hex(rgb)
  }
  return hex(toRgb(lightness, 0, 0))
}

/** @param {number} lightness @param {number} chroma @param {number} hue @returns {number[]} red, green, blue from 0 to 1 */
function toRgb(lightness, chroma, hue) {
  const angle = (hue * Math.PI) / 180
  const [a, b] = [chroma * Math.cos(angle), chroma * Math.sin(angle)]
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s
  ].map((part) => (part <= 0.0031308 ? 12.92 * part : 1.055 * part ** (1 / 2.4) - 0.055))
}

/** @param {number[]} rgb */
const hex = (rgb) =>
  `#${rgb.map((part) => Math.round(Math.min(Math.max(part, 0), 1) * 255).toString(16).padStart(2, '0')).join('')}`

/** @param {string} colour `#rgb` or `#rrggbb` @returns {number[] | null} linear light */
function linear(colour) {
  const digits = /^#([0-9a-f]{3}|[0-9a-f]{6})$/iu.exec(colour.trim())?.[1]
  if (!digits) return null
  const full = digits.length === 3 ? [...digits].map((digit) => digit + digit).join('') : digits
  return [0, 2, 4].map((at) => {
    const part = parseInt(full.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
}

/** Hue and chroma of a colour of sRGB; null where the text is none. @param {string} colour @returns {{chroma: number, hue: number} | null} */
export function hueOf(colour) {
  const rgb = linear(colour)
  if (!rgb) return null
  const [r = 0, g = 0, b = 0] = rgb
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
  const x = 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s
  const y = 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s
  return { chroma: Math.hypot(x, y), hue: ((Math.atan2(y, x) * 180) / Math.PI + 360) % 360 }
}

/** Contrast of two colours by WCAG 2: from 1 to 21. @param {string} a @param {string} b */
export function contrast(a, b) {
  const [one = 0, two = 0] = [a, b].map((colour) => {
    const [r = 0, g = 0, blue = 0] = linear(colour) ?? []
    return 0.2126 * r + 0.7152 * g + 0.0722 * blue
  })
  return (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05)
}
