/** What is the same for the native node and the container. */
export const kafkaVersion = '4.2.0';

/** What makes tests quick and honest, on one node and on several. */
const testSettings: Readonly<Record<string, string>> = {
  // Fifty partitions each by default: fifty folders to make when the first group or transaction comes.
  'offsets.topic.num.partitions': '3',
  'transaction.state.log.num.partitions': '3',
  'share.coordinator.state.topic.num.partitions': '1',
  // A group's first member would otherwise wait three seconds for others.
  'group.initial.rebalance.delay.ms': '0',
  // A misspelt topic must be an error, not a new topic.
  'auto.create.topics.enable': 'false',
};

export const singleNodeSettings: Readonly<Record<string, string>> = {
  ...testSettings,
  'offsets.topic.replication.factor': '1',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'share.coordinator.state.topic.replication.factor': '1',
  'share.coordinator.state.topic.min.isr': '1',
};

/** Three nodes as an operator would run them: one may be lost, and nothing that was acknowledged goes with it. */
export const replicatedSettings: Readonly<Record<string, string>> = {
  ...testSettings,
  'default.replication.factor': '3',
  'min.insync.replicas': '2',
  'offsets.topic.replication.factor': '3',
  'transaction.state.log.replication.factor': '3',
  'transaction.state.log.min.isr': '2',
  'share.coordinator.state.topic.replication.factor': '3',
  'share.coordinator.state.topic.min.isr': '2',
  // A killed broker is noticed within seconds (nine by default), so a test sees many leaders come and go.
  'broker.session.timeout.ms': '3000',
  'broker.heartbeat.interval.ms': '500',
};
