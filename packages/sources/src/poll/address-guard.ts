import { type LookupAddress, lookup as lookUpName } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** Thrown when an address may not be polled. */
export class AddressRefusedError extends Error {
  override readonly name = 'AddressRefusedError';
}

/** Reached from inside only: a source may be allowed to have such an address (`allowPrivate`). */
const privateRanges = toBlockList([
  ['0.0.0.0', 8, 'ipv4'],
  ['10.0.0.0', 8, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  // ::1, and IPv4 addresses in their oldest IPv6 form.
  ['::', 96, 'ipv6'],
  ['fc00::', 7, 'ipv6'],
]);

/**
 * Never a source: link-local, where clouds keep their metadata, other metadata addresses, multicast, reserved and
 * documentation ranges, and IPv6 forms that carry an IPv4 address through a translator.
 */
const forbiddenRanges = toBlockList([
  ['169.254.0.0', 16, 'ipv4'],
  ['100.100.100.200', 32, 'ipv4'],
  ['168.63.129.16', 32, 'ipv4'],
  ['192.0.0.0', 24, 'ipv4'],
  ['192.0.2.0', 24, 'ipv4'],
  ['192.88.99.0', 24, 'ipv4'],
  ['198.18.0.0', 15, 'ipv4'],
  ['198.51.100.0', 24, 'ipv4'],
  ['203.0.113.0', 24, 'ipv4'],
  ['224.0.0.0', 4, 'ipv4'],
  ['240.0.0.0', 4, 'ipv4'],
  ['::', 128, 'ipv6'],
  ['64:ff9b::', 96, 'ipv6'],
  ['64:ff9b:1::', 48, 'ipv6'],
  ['::ffff:0:0:0', 96, 'ipv6'],
  ['100::', 64, 'ipv6'],
  ['2001::', 23, 'ipv6'],
  ['2001:db8::', 32, 'ipv6'],
  ['2002::', 16, 'ipv6'],
  ['3fff::', 20, 'ipv6'],
  ['5f00::', 16, 'ipv6'],
  ['fd00:ec2::254', 128, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
  ['fec0::', 10, 'ipv6'],
  ['ff00::', 8, 'ipv6'],
]);

function toBlockList(ranges: readonly (readonly [string, number, 'ipv4' | 'ipv6'])[]): BlockList {
  const list = new BlockList();
  for (const [address, prefix, family] of ranges) list.addSubnet(address, prefix, family);
  return list;
}

/** Says why an IP address may not be polled; undefined when it may. IPv4 inside IPv6 is seen through. */
export function explainRefusal(address: string, allowPrivate: boolean): string | undefined {
  const bare = address.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
  const family = isIP(bare) === 6 ? 'ipv6' : 'ipv4';
  if (isIP(bare) === 0) return `${address} is no IP address`;
  if (forbiddenRanges.check(bare, family)) return `${bare} is a link-local, metadata or reserved address`;
  if (!allowPrivate && privateRanges.check(bare, family)) {
    return `${bare} is a private or loopback address; allow it with allowPrivate: true`;
  }
  return undefined;
}

/**
 * Refuses a URL whose host is an IP address that may not be polled: names are checked by `createGuardedLookup`,
 * but a literal address is connected to without any look-up.
 *
 * @throws AddressRefusedError
 */
export function checkLiteralHost(url: URL, allowPrivate: boolean): void {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) === 0) return;
  const refusal = explainRefusal(host, allowPrivate);
  if (refusal !== undefined) throw new AddressRefusedError(`${refusal}.`);
}

/**
 * Creates a look-up for a connection that fails when any address of the name may not be polled. The connection
 * uses exactly the addresses that were checked here, so that a name which changes its answer gains nothing.
 */
export function createGuardedLookup(
  allowPrivate: boolean,
  lookup: typeof lookUpName = lookUpName,
): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      if (error) {
        callback(error, '');
        return;
      }
      const refusal = addresses
        .map(({ address }) => explainRefusal(address, allowPrivate))
        .find((reason) => reason !== undefined);
      const [first] = addresses;
      if (refusal !== undefined || first === undefined) {
        callback(new AddressRefusedError(`${hostname}: ${refusal ?? 'no address'}.`), '');
      } else if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}
