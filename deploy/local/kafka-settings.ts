/** What is the same for the native node and the container. */
export const kafkaVersion = '4.2.0';

/** What a single node needs, and what makes tests quick and honest. */
export const singleNodeSettings: Readonly<Record<string, string>> = {
  'offsets.topic.replication.factor': '1',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'share.coordinator.state.topic.replication.factor': '1',
  'share.coordinator.state.topic.min.isr': '1',
  // Fifty partitions each by default: fifty folders to make when the first group or transaction comes.
  'offsets.topic.num.partitions': '3',
  'transaction.state.log.num.partitions': '3',
  'share.coordinator.state.topic.num.partitions': '1',
  // A group's first member would otherwise wait three seconds for others.
  'group.initial.rebalance.delay.ms': '0',
  // A misspelt topic must be an error, not a new topic.
  'auto.create.topics.enable': 'false',
};
