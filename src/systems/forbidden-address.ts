import { BlockList, isIP } from 'node:net';

/** An address as it is connected to, in the family that it really is: IPv4 inside IPv6 is IPv4. */
interface Address {
  text: string;
  family: 'ipv4' | 'ipv6';
}

const listOf = (ranges: readonly (readonly [string, number, 'ipv4' | 'ipv6'])[]): BlockList => {
  const list = new BlockList();
  for (const [net, prefix, family] of ranges) list.addSubnet(net, prefix, family);
  return list;
};

/** Where clouds hand out credentials to whoever asks from inside, and what is no single machine. */
const never = listOf([
  ['169.254.0.0', 16, 'ipv4'],
  ['fe80::', 10, 'ipv6'],
  ['fd00:ec2::254', 128, 'ipv6'],
  // Metadata of Alibaba and Oracle, and the host agent of Azure.
  ['100.100.100.200', 32, 'ipv4'],
  ['192.0.0.192', 32, 'ipv4'],
  ['168.63.129.16', 32, 'ipv4'],
  ['224.0.0.0', 4, 'ipv4'],
  ['255.255.255.255', 32, 'ipv4'],
  ['ff00::', 8, 'ipv6'],
]);

/** This very machine: the database, the queue and Mayday's own ports. Unspecified addresses are connected to as loopback. */
const own = listOf([
  ['127.0.0.0', 8, 'ipv4'],
  ['0.0.0.0', 8, 'ipv4'],
  ['::1', 128, 'ipv6'],
  ['::', 128, 'ipv6'],
]);

const names = new Set(['metadata.google.internal', 'metadata', 'instance-data', 'instance-data.ec2.internal']);

const bareOf = (host: string): string =>
  host
    .replace(/^\[|\]$/g, '')
    .toLowerCase()
    .replace(/%.*$/, '')
    .replace(/\.$/, '');

const addressOf = (host: string): Address | undefined => {
  const text = bareOf(host);
  const family = isIP(text);
  if (family === 0) return undefined;
  if (family === 4) return { text, family: 'ipv4' };
  const inside = embedded(text);
  return inside === undefined ? { text, family: 'ipv6' } : { text: inside, family: 'ipv4' };
};

/** The IPv4 address that an IPv6 one stands for: mapped (`::ffff:`), compatible (`::`), translated (`64:ff9b::`) or 6to4. */
const embedded = (text: string): string | undefined => {
  const words = wordsOf(text);
  const quad = (high: number, low: number) => [high >> 8, high & 255, low >> 8, low & 255].join('.');
  const isZero = (from: number, to: number) => words.slice(from, to).every((word) => word === 0);
  if (isZero(0, 5) && words[5] === 0xffff) return quad(words[6]!, words[7]!);
  if (isZero(0, 4) && words[4] === 0xffff && words[5] === 0) return quad(words[6]!, words[7]!);
  if (isZero(0, 6) && (words[6] !== 0 || words[7]! > 1)) return quad(words[6]!, words[7]!);
  if (words[0] === 0x64 && words[1] === 0xff9b && isZero(2, 6)) return quad(words[6]!, words[7]!);
  if (words[0] === 0x2002) return quad(words[1]!, words[2]!);
  return undefined;
};

/** The eight words of an IPv6 address; the URL parser writes a dotted end as two of them. */
const wordsOf = (text: string): number[] => {
  const plain = new URL(`http://[${text}]/`).hostname.slice(1, -1);
  const [before = '', after] = plain.split('::');
  const parse = (part: string) => (part === '' ? [] : part.split(':').map((word) => Number.parseInt(word, 16)));
  const [head, tail] = [parse(before), parse(after ?? '')];
  return [...head, ...Array<number>(Math.max(0, 8 - head.length - tail.length)).fill(0), ...tail];
};

/** Addresses that no plan may aim at, whoever maps them: true for a host name or an address. */
export const isForbiddenAddress = (host: string): boolean => {
  if (names.has(bareOf(host))) return true;
  const address = addressOf(host);
  return address !== undefined && never.check(address.text, address.family);
};

/** Whether connecting to it ends on this machine. */
export const isOwnAddress = (host: string): boolean => {
  const address = addressOf(host);
  return address !== undefined && own.check(address.text, address.family);
};
