import type { Problem } from '../runtime/errors.ts';
import { text, type Session } from './session.ts';

const DAY_SECONDS = 86_400;

interface Requirement {
  readonly variable: string;
  readonly isRight: (value: string) => boolean;
  readonly why: string;
  readonly remedy: string;
}

const is = (wanted: string) => (value: string) => value.toUpperCase() === wanted;

/** A variable the server does not have needs no setting: it came with a later version, or with the other flavour. */
const REQUIREMENTS: readonly Requirement[] = [
  {
    variable: 'log_bin',
    isRight: is('ON'),
    why: 'without a binary log there is nothing to follow',
    remedy: 'Start the server with log_bin (a name) in its configuration file.',
  },
  {
    variable: 'binlog_format',
    isRight: is('ROW'),
    why: 'other formats log statements, whose rows cannot be known',
    remedy: 'SET GLOBAL binlog_format = ROW; (also in the configuration file; sessions that are open keep the old one)',
  },
  {
    variable: 'binlog_row_image',
    isRight: is('FULL'),
    why: 'keys are built from all columns of the row before and after the change',
    remedy: 'SET GLOBAL binlog_row_image = FULL; (also in the configuration file)',
  },
  {
    variable: 'binlog_row_metadata',
    isRight: is('FULL'),
    why: 'without the names of the columns a log cannot be read safely after a table was altered',
    remedy: 'SET GLOBAL binlog_row_metadata = FULL; (also in the configuration file)',
  },
  {
    variable: 'binlog_expire_logs_seconds',
    // 0: never purged by age.
    isRight: (value) => Number(value) === 0 || Number(value) >= DAY_SECONDS,
    why: 'a stop of Sluice for less than a day could then find its position purged',
    remedy: 'SET GLOBAL binlog_expire_logs_seconds = 259200; (three days; also in the configuration file)',
  },
];

export async function settingProblems(session: Session): Promise<Problem[]> {
  const names = REQUIREMENTS.map(({ variable }) => variable);
  const rows = await session.query('SHOW GLOBAL VARIABLES WHERE Variable_name IN (?)', [names]);
  const values = new Map(rows.map((row) => [text(row, 'Variable_name').toLowerCase(), text(row, 'Value')]));
  return REQUIREMENTS.flatMap(({ variable, isRight, why, remedy }) => {
    const value = values.get(variable);
    if (value === undefined || isRight(value)) return [];
    return [{ message: `${variable} of the source is ${value === '' ? "''" : value}: ${why}`, remedy }];
  });
}
