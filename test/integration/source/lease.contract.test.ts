import { describeLease, type LeaseOfProcess } from '../../contract/lease.suite.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import { addressOf, uniqueName } from './fixture.ts';
import { openLease } from './lease-harness.ts';

for (const server of ['mysql', 'mariadb'] as const) {
  describeLease(`MysqlLease on ${server}`, async () => {
    const address = await addressOf(server);
    const name = uniqueName('lease');
    // Opened beforehand: a process of the suite begins without waiting.
    const proxies = await Promise.all([TcpProxy.open(address), TcpProxy.open(address)]);
    return {
      open: (verify): LeaseOfProcess => {
        const proxy = proxies.pop();
        if (proxy === undefined) throw new Error('the suite needs more processes');
        const through = { ...address, host: proxy.host, port: proxy.port };
        const { lease } = openLease(through, name, verify === undefined ? {} : { verify });
        return { lease, cut: () => Promise.resolve(proxy.cut()) };
      },
    };
  });
}
