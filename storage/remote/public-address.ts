/** @file Which IP addresses belong to the public internet. Everything else is out of bounds for links that users send. */
import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** @see https://www.iana.org/assignments/iana-ipv4-special-registry */
const RESERVED_IPV4: readonly [network: string, prefix: number][] = [
  ['0.0.0.0', 8], // this network
  ['10.0.0.0', 8], // private
  ['100.64.0.0', 10], // carrier-grade NAT
  ['127.0.0.0', 8], // loopback
  ['169.254.0.0', 16], // link-local, cloud metadata
  ['172.16.0.0', 12], // private
  ['192.0.0.0', 24], // protocol assignments
  ['192.0.2.0', 24], // documentation
  ['192.88.99.0', 24], // 6to4 relays
  ['192.168.0.0', 16], // private
  ['198.18.0.0', 15], // benchmarks
  ['198.51.100.0', 24], // documentation
  ['203.0.113.0', 24], // documentation
  ['224.0.0.0', 4], // multicast
  ['240.0.0.0', 4], // reserved, broadcast
];

/**
 * Inside 2000::/3, the only public range. Outside of it lie loopback, ::ffff:0:0/96 (IPv4-mapped), 64:ff9b::/96
 * (NAT64), fc00::/7 (private), fe80::/10 (link-local) and ff00::/8 (multicast).
 *
 * @see https://www.iana.org/assignments/iana-ipv6-special-registry
 */
const RESERVED_IPV6: readonly [network: string, prefix: number][] = [
  ['2001::', 23], // protocol assignments, Teredo among them
  ['2001:db8::', 32], // documentation
  ['2002::', 16], // 6to4: carries any IPv4 address
  ['3fff::', 20], // documentation
];

const reserved = new BlockList();
for (const [network, prefix] of RESERVED_IPV4) reserved.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of RESERVED_IPV6) reserved.addSubnet(network, prefix, 'ipv6');
const publicIpv6 = new BlockList();
publicIpv6.addSubnet('2000::', 3, 'ipv6');

/** @param address an IP address as a resolver writes it; anything else is not public */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !reserved.check(address, 'ipv4');
  // A zone (`fe80::1%eth0`) only makes sense on a local link.
  if (!isIPv6(address) || address.includes('%')) return false;
  return publicIpv6.check(address, 'ipv6') && !reserved.check(address, 'ipv6');
}
