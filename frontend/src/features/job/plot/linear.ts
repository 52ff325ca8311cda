// d3-scale would bring colours, dates and formats along, ten times of what is
// needed here: a straight line and round numbers on it.

/** Maps numbers from one range to another. */
export function linear([a, b]: readonly [number, number], [to, end]: readonly [number, number]) {
  const rate = b === a ? 0 : (end - to) / (b - a);
  return (value: number): number => to + (value - a) * rate;
}

/** Round values from 0 up to at least `most`, about `wanted` steps of 1, 2 or 5 times a power of ten. */
export function roundTicks(most: number, wanted: number): number[] {
  if (!(most > 0)) return [0];
  const rough = most / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((n) => n * power >= rough * 0.9) ?? 10);
  const steps = Math.ceil(most / step - 1e-9);
  return Array.from({ length: steps + 1 }, (_, i) => Number((i * step).toPrecision(12)));
}
