import type {Kind} from '../ci-server.js';
import type {Cleanup} from './cleanup.js';

/** What a cleanup tells of itself. */
export type Figures = Pick<Cleanup, 'counts' | 'apiCalls'>;

/** A cleanup that could not see what there is, and so did nothing. */
export function lookFailed(apiCalls: number): Figures {
  return {counts: {deleted: 0, kept: 0, left: 0, unknown: 1}, apiCalls};
}

/** A cleanup for Prometheus' textfile collector, which takes no metric from two files unless their labels differ. */
export function cleanupMetrics({counts, apiCalls}: Figures, kind: Kind, now: number): string {
  const gauge = (name: string, help: string, value: number) => {
    const metric = `do_worker_cleanup_${name}`;
    return `# HELP ${metric} ${help}\n# TYPE ${metric} gauge\n${metric}{kind="${kind}"} ${value}\n`;
  };

  const isSuccess = counts.left === 0 && counts.unknown === 0;
  return [
    gauge('deleted', 'Droplets that the last cleanup deleted', counts.deleted),
    gauge('skipped', 'Droplets that the last cleanup kept', counts.kept),
    gauge('left', 'What should be gone but is not', counts.left),
    gauge('unknown', 'What could not be told', counts.unknown),
    gauge('api_calls', 'Requests to DigitalOcean', apiCalls),
    gauge('last_run_timestamp_seconds', 'When the last cleanup ended', Math.round(now / 1000)),
    ...(isSuccess
      ? [
          gauge(
            'last_success_timestamp_seconds',
            'When a cleanup last left nothing behind',
            Math.round(now / 1000),
          ),
        ]
      : []),
  ].join('');
}
