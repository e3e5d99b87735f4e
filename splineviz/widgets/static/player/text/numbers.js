// Numbers as text, and the ticks of axes.

const LONGEST_TICK = 7; // characters

/** Round numbers (1, 2 or 5 times a power of ten apart) from low to high, about `count` of them. */
export function linearTicks(low, high, count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough * 0.999);
  const ticks = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) {
    ticks.push(Number((k * step).toPrecision(15)) + 0);
  }
  return ticks;
}

/** A number with a fixed number of decimals and commas between thousands. */
function withDecimals(value, decimals) {
  const digits = Math.min(20, Math.max(0, decimals));
  const format = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return value.toLocaleString("en-US", format);
}

/**
 * The texts at the ticks of an axis, with as many decimals as the distance between ticks needs.
 * If these are too long, the texts are relative to the first tick, and `base` is the first tick with
 * a sign, to append to the label of the axis; otherwise `base` is empty.
 */
export function tickTexts(ticks) {
  const step = ticks.length > 1 ? ticks[1] - ticks[0] : Math.abs(ticks[0]) || 1;
  const decimals = -Math.floor(Math.log10(step) + 1e-6);
  const texts = ticks.map((tick) => withDecimals(tick, decimals));
  if (texts.every((text) => text.length <= LONGEST_TICK)) return { texts, base: "" };
  const size = withDecimals(Math.abs(ticks[0]), decimals);
  const base = ticks[0] === 0 ? "" : ` ${ticks[0] > 0 ? "−" : "+"} ${size}`;
  return { texts: ticks.map((tick) => formatNumber(tick - ticks[0])), base };
}

/** A coordinate as text, precise to a pixel: three digits, or more if the pixel is finer. */
export function formatCoordinate(value, pixel) {
  if (Math.abs(value) < 1000 * pixel) return formatNumber(value);
  return withDecimals(value, Math.ceil(-Math.log10(pixel)));
}

/**
 * The ticks of a logarithmic axis: powers of ten. Below two decades also 2 and 5 times a power of
 * ten; if that gives fewer than two ticks, linear ticks.
 */
export function logTicks(low, high) {
  const factors = high / low < 99 ? [1, 2, 5] : [1];
  const ticks = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    for (const factor of factors) {
      const tick = Number(`${factor}e${power}`);
      if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push(tick);
    }
  }
  return ticks.length > 1 ? ticks : linearTicks(low, high, 4);
}

/** A number as text: three digits, commas between thousands, powers of ten if small or large. */
export function formatNumber(value) {
  if (!Number.isFinite(value)) return "undefined";
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return value.toLocaleString("en-US");
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e5) return String(Number(value.toPrecision(3)));
  const [mantissa, exponent] = value.toExponential(2).split("e");
  const raised = (sign) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(sign)];
  const power = `10${[...String(Number(exponent))].map(raised).join("")}`;
  return Number(mantissa) === 1 ? power : `${Number(mantissa)}·${power}`;
}
