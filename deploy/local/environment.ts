/** Services that somebody else runs and names in the environment. They are used, and never started or stopped. */
import { addressOf, askVersion } from './address.ts';
import { ServiceUnavailable, type Address, type ServiceName } from './names.ts';

export const variableOf: Record<ServiceName, string> = {
  mysql: 'SLUICE_TEST_MYSQL_URL',
  mysqlNoGtid: 'SLUICE_TEST_MYSQL_NOGTID_URL',
  mariadb: 'SLUICE_TEST_MARIADB_URL',
  redis: 'SLUICE_TEST_REDIS_URL',
  kafka: 'SLUICE_TEST_KAFKA_BROKERS',
};

export function givenText(name: ServiceName): string | undefined {
  return process.env[variableOf[name]] || undefined;
}

/** An address that was given and does not answer is an error: falling back would test something else in silence. */
export async function givenAddress(name: ServiceName, text: string): Promise<Address> {
  try {
    return addressOf(name, text, await askVersion(name, text), 'environment');
  } catch (error) {
    const reason = error instanceof Error ? error.message || error.name : String(error);
    throw new ServiceUnavailable(`${variableOf[name]} is set, but nothing answers there: ${reason}`);
  }
}
