import { BlockList, isIP } from 'node:net';

const blockList = (...subnets: readonly string[]): BlockList => {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [address = '', prefix] = subnet.split('/');
    list.addSubnet(address, Number(prefix), isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
};

// IANA's special-purpose registries: "this host", loopback, link-local with the metadata servers of clouds, multicast, broadcast.
const LOCAL = blockList('0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3', '::/128', '::1/128', 'fe80::/10', 'ff00::/8', 'fd00:ec2::254/128');
// Private networks, carriers' networks, and IPv6 addresses that are IPv4 addresses in disguise.
const PRIVATE = blockList('10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '192.0.0.0/24', 'fc00::/7', 'fec0::/10', '64:ff9b::/96', '2002::/16');

const isIn = (list: BlockList, address: string): boolean => {
  const version = isIP(address);
  return version !== 0 && list.check(address, version === 6 ? 'ipv6' : 'ipv4');
};

/** True for addresses of this machine, of its own link, and of nobody in particular. */
export const isLocalAddress = (address: string): boolean => isIn(LOCAL, address);

/** True for those, and for addresses that mean another machine in every network. */
export const isPrivateAddress = (address: string): boolean => isLocalAddress(address) || isIn(PRIVATE, address);
