/** A size or duration that people may choose otherwise: what is recorded is measured with those of the benchmark. */
export function setting(name: string, usual: number): number {
  const value = Number(process.env[name] ?? usual);
  if (Number.isFinite(value) && value > 0) return value;
  throw new Error(`${name} is a number above 0`);
}
