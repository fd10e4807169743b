/** The accounts of every SQL server here. */

/** Tests connect as this one; the URLs are its. */
export const testAccount = { user: 'root', password: 'sluice' } as const;

/** For whoever plays the daemon: a replica's grants and no others. */
export const replicaAccount = { user: 'sluice', password: 'sluice' } as const;

/** What an operator would give the daemon, and nothing more. */
export const replicaAccountStatements = [
  "CREATE USER 'sluice'@'%' IDENTIFIED BY 'sluice';",
  "GRANT REPLICATION SLAVE, REPLICATION CLIENT, SELECT ON *.* TO 'sluice'@'%';",
];

export const accounts = [
  // Tests connect as root over TCP, which is never "localhost" to a server that resolves no names.
  "CREATE USER 'root'@'%' IDENTIFIED BY 'sluice';",
  "GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;",
  ...replicaAccountStatements,
];
