const units: Record<string, number> = {
  '': 1,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
};

/** A quantity of Kubernetes, such as `20Gi` or `500m`, as a number; undefined for what is none. */
export const quantityOf = (text: unknown): number | undefined => {
  if (typeof text !== 'string' && typeof text !== 'number') return undefined;
  const [, figure, unit = ''] = /^(\d+(?:\.\d+)?)([mkMGTP]|[KMGTP]i)?$/.exec(String(text)) ?? [];
  return figure === undefined ? undefined : Number(figure) * units[unit]!;
};
