import Table from 'cli-table3';
import type {Decision} from './workers/cleanup-decisions.js';
import type {Worker} from './workers/worker.js';

/** Columns without lines, as they are read best in a terminal and by other programs. */
function plainTable(head: string[]): Table.Table {
  return new Table({
    head,
    style: {head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 2},
    chars: Object.fromEntries(
      [
        'top',
        'top-mid',
        'top-left',
        'top-right',
        'bottom',
        'bottom-mid',
        'bottom-left',
        'bottom-right',
        'left',
        'left-mid',
        'mid',
        'mid-mid',
        'right',
        'right-mid',
        'middle',
      ].map((part) => [part, '']),
    ),
  });
}

function printed(table: Table.Table): string {
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** What a cleanup decided, a line each. */
export function decisionTable(decisions: Decision[]): string {
  const table = plainTable(['WHAT', 'NAME', 'ID', 'AGE', 'DECISION', 'REASON']);
  for (const {what, name, id, ageSeconds, action, reason} of decisions) {
    table.push([
      what,
      name,
      id ?? '-',
      ageSeconds === null ? '-' : duration(ageSeconds),
      action,
      reason,
    ]);
  }

  return decisions.length === 0 ? '' : `${printed(table)}\n`;
}

/** Workers as a table for a terminal. */
export function workerTable(workers: Worker[]): string {
  const hasKinds = new Set(workers.map(({kind}) => kind)).size > 1;
  const table = plainTable([
    'NAME',
    ...(hasKinds ? ['KIND'] : []),
    'RUN',
    'ID',
    'REGION',
    'SIZE',
    'IP',
    'AGE',
    'TTL LEFT',
    '$/H',
    'AT MOST',
    'DROPLET',
    'WORKER',
  ]);
  for (const worker of workers) {
    table.push([
      worker.name,
      ...(hasKinds ? [worker.kind] : []),
      worker.run,
      String(worker.id),
      worker.region,
      worker.size,
      worker.ip ?? '-',
      duration(worker.ageSeconds),
      worker.ttlLeftSeconds === null
        ? '?'
        : worker.ttlLeftSeconds <= 0
          ? 'expired'
          : duration(worker.ttlLeftSeconds),
      money(worker.priceHourly),
      money(worker.worstCost),
      worker.dropletStatus,
      worker.workerState ?? 'not listed',
    ]);
  }

  return printed(table);
}

/** 45s, 12m, 3h05m, 2d4h. */
export function duration(seconds: number): string {
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
  ];
  if (days > 0) {
    return `${days}d${hours}h`;
  }

  if (hours > 0) {
    return `${hours}h${String(minutes).padStart(2, '0')}m`;
  }

  return minutes > 0 ? `${minutes}m` : `${Math.round(seconds)}s`;
}

/** US dollars, with enough digits for a cheap hour. */
export function money(amount: number | null): string {
  return amount === null ? '?' : `$${amount < 1 ? Number(amount.toFixed(5)) : amount.toFixed(2)}`;
}

/** Preflight 0.4 s, create 1.2 s, ... */
export function timeline(seconds: Record<string, number>): string {
  const total = Object.values(seconds).reduce((sum, each) => sum + each, 0);
  return `${Object.entries(seconds)
    .map(([phase, each]) => `${phase} ${each.toFixed(1)} s`)
    .join(', ')}: ${total.toFixed(1)} s in all`;
}
