/** Digits with a comma after each thousand: "12345.50" → "12,345.50". */
export function grouped(digits: string): string {
  const [whole = "", ...fraction] = digits.split(".");
  return [whole.replace(/\B(?=(\d{3})+$)/g, ","), ...fraction].join(".");
}

/** 12345 → "12,345". */
export function count(n: number): string {
  return grouped(String(n));
}

const sizes = [
  [1e9, "B"],
  [1e6, "M"],
  [1e3, "K"],
] as const;

/** 12345 → "12.3K": for tokens, where the last digits say nothing. */
export function compact(n: number): string {
  if (n < 0) return `−${compact(-n)}`;
  for (const [size, unit] of sizes) {
    if (n >= size * 0.99995) return `${grouped(String(Math.round((n / size) * 10) / 10))}${unit}`;
  }
  return String(Math.round(n * 10) / 10);
}

/** A share of a whole as "37%"; "–" of nothing. Only all is 100%, only nothing is 0%. */
export function share(part: number, of: number): string {
  if (of <= 0) return "–";
  const ratio = part / of;
  if (ratio > 0 && ratio < 0.01) return "<1%";
  if (ratio < 1 && ratio > 0.99) return ">99%";
  return `${String(Math.round(ratio * 100))}%`;
}

/** "1 repository", "2 repositories". */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** Bytes as people read them: "812 B", "4.2 KB", "1.1 MB". */
export function bytes(n: number): string {
  if (n < 1000) return `${count(n)} B`;
  if (n < 1_000_000) return `${(n / 1000).toFixed(1)} KB`;
  return `${(n / 1_000_000).toFixed(1)} MB`;
}
