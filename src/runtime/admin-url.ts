/** Where the admin server listens, as a URL: an address of IPv6 stands in brackets there. */
export function adminUrl(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
