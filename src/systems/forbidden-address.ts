import { BlockList, isIP } from 'node:net';

/**
 * Addresses that no plan may aim at: link-local ones, where clouds hand out credentials to whoever asks from inside.
 */
const forbidden = new BlockList();
forbidden.addSubnet('169.254.0.0', 16, 'ipv4');
forbidden.addSubnet('fe80::', 10, 'ipv6');
forbidden.addAddress('fd00:ec2::254', 'ipv6');
forbidden.addAddress('100.100.100.200', 'ipv4');

const names = new Set(['metadata.google.internal', 'metadata', 'instance-data']);

/** True for a host name or an address, IPv4 written as IPv6 included. */
export const isForbiddenAddress = (host: string): boolean => {
  const bare = host
    .replace(/^\[|\]$/g, '')
    .toLowerCase()
    .replace(/\.$/, '');
  if (names.has(bare)) return true;
  const family = isIP(bare);
  if (family === 0) return false;
  if (family === 4) return forbidden.check(bare, 'ipv4');
  return forbidden.check(bare, 'ipv6');
};
