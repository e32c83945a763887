import { isIPv4, isIPv6 } from 'node:net';

const hostname = /^(?=.{1,253}\.?$)([a-z0-9_]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}\.?$/i;

/** Why a DNS record of this type cannot hold a value; undefined when it can. */
export const wrongDnsValue = (type: string, value: string): string | undefined => {
  if (type === 'A') return isIPv4(value) ? undefined : `"${value}" is no IPv4 address, which a record of type A holds`;
  if (type === 'AAAA')
    return isIPv6(value) ? undefined : `"${value}" is no IPv6 address, which a record of type AAAA holds`;
  return hostname.test(value) && !isIPv4(value) ? undefined : `"${value}" is no host name, which a CNAME leads to`;
};
