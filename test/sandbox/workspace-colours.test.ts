import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const styles = readFileSync('sandbox/workspace/page/base.css', 'utf8');
const colours = new Map(
  [...styles.matchAll(/--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)].map(
    ([, name, light, dark]) => [name!, { light: light!, dark: dark! }] as const,
  ),
);

/** As WCAG counts it: 4.5 and more can be read by people who see little. */
const contrast = (one: string, other: string): number => {
  const luminance = (colour: string) => {
    const [red, green, blue] = [1, 3, 5].map((at) => {
      const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    }) as [number, number, number];
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (high + 0.05) / (low + 0.05);
};

const grounds = ['ground', 'raised', 'side', 'sunken', 'hover'];
const pairs: [string, string][] = [
  ...['text', 'dim', 'accent-text', 'bad'].flatMap((name) => grounds.map((ground): [string, string] => [name, ground])),
  ['code', 'sunken'],
  ['accent-text', 'accent-soft'],
  ['good', 'good-soft'],
  ['warn', 'warn-soft'],
  ['bad', 'bad-soft'],
];

describe.each(['light', 'dark'] as const)('in the %s look', (look) => {
  it.each(pairs)('%s can be read on %s', (name, ground) => {
    expect(contrast(colours.get(name)![look], colours.get(ground)![look])).toBeGreaterThanOrEqual(4.5);
  });
  it.each(['yes', 'no'])('white can be read on the button that says %s', (name) => {
    expect(contrast('#ffffff', colours.get(name)![look])).toBeGreaterThanOrEqual(4.5);
  });
});

it('is measured as WCAG does', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21);
  expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2);
});
