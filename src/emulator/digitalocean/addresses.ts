const hostsPerNet = 250;

/** The public IPv4 address of the host of this number, in a network that no real host has: 198.18.0.0/15. */
export const publicAddress = (host: number) => address(198, 18, host);

/** The private IPv4 address of the host of this number, 10.108.0.2 for the first. */
export const privateAddress = (host: number) => address(10, 108, host);

function address(first: number, second: number, host: number): string {
  const net = Math.floor(host / hostsPerNet);
  return [first, second + Math.floor(net / 256), net % 256, 2 + (host % hostsPerNet)].join('.');
}

/** First address of the /20, where the gateway is. */
function gateway(ip: string): string {
  const [a, b, c] = ip.split('.').map(Number) as [number, number, number];
  return [a, b, Math.floor(c / 16) * 16, 1].join('.');
}

/** A droplet's networks as the API shows them, the private address first. */
export function networks(host: number, {isPublic, hasIpv6}: {isPublic: boolean; hasIpv6: boolean}) {
  const netmask = '255.255.240.0';
  const visible = publicAddress(host);
  const inner = {ip_address: privateAddress(host), netmask, gateway: '<nil>', type: 'private'};
  const outer = {ip_address: visible, netmask, gateway: gateway(visible), type: 'public'};
  return {v4: isPublic ? [inner, outer] : [inner], v6: hasIpv6 ? [ipv6(host)] : []};
}

/** The public IPv6 network of the host of this number, as the API shows it. */
export function ipv6(host: number) {
  const net = '2604:a880:400:d0::';
  return {
    ip_address: `${net}${(host + 2).toString(16)}:1001`,
    netmask: 64,
    gateway: `${net}1`,
    type: 'public',
  };
}
