import {readFile, rename, rm, writeFile} from 'node:fs/promises';
import {Flags} from '@oclif/core';
import {WorkerCommand} from '../command.js';
import {ActionableError, UsageError} from '../errors.js';
import {
  ciFlags,
  digitalOceanFlags,
  dryRun,
  duration,
  kindFlag,
  secretsHelp,
  selectionFlags,
  variableOf,
} from '../flags.js';
import type {Kind} from '../ci-server.js';
import type {Cleanup as CleanupResult} from '../workers/cleanup.js';
import type {Figures} from '../workers/metrics.js';

export default class Cleanup extends WorkerCommand {
  static override summary =
    'Delete droplets that are expired, switched off, or no worker; for cron';
  static override description = `Safe to run from anywhere, any number at a time, and to kill at any point. Exits with 1 when something was left or could not be told. ${secretsHelp}`;

  static override usage = '<%= command.id %> [FLAGS]';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --dry-run',
    '<%= config.bin %> <%= command.id %> --metrics /var/lib/node_exporter/do-worker.prom',
  ];

  static override flags = {
    name: Flags.string({summary: 'only droplets of this worker name', env: variableOf('name')}),
    grace: duration({
      summary:
        'how long a droplet may take until the CI server knows its worker; no shorter than the --timeout of create',
      env: variableOf('grace'),
      default: 900,
    }),
    'max-deletes': Flags.integer({
      summary: 'delete so many droplets at most; default: a fifth of ours, but at least 3',
      env: variableOf('max-deletes'),
      min: 0,
    }),
    metrics: Flags.string({
      summary: "file to write figures to, for Prometheus' textfile collector",
      env: variableOf('metrics'),
      helpValue: '<file>',
    }),
    'ci-id': selectionFlags['ci-id'],
    'dry-run': dryRun,
    kind: kindFlag,
    ...ciFlags,
    ...digitalOceanFlags,
  };

  async run(): Promise<CleanupResult> {
    const {flags} = await this.parse(Cleanup);
    const {readCiId} = await import('../create-request.js');
    const {cleanUp} = await import('../workers/cleanup.js');
    const {decisionTable} = await import('../format.js');
    const inputs = this.inputs(flags);
    const context = await this.connect(inputs);
    const metricsFile = flags['dry-run'] ? undefined : flags.metrics;
    const request = {
      workerName: flags.name,
      ciId: readCiId(inputs),
      graceSeconds: flags.grace,
      maxDeletes: flags['max-deletes'],
      dryRun: flags['dry-run'],
    };
    let result: CleanupResult;
    try {
      result = await cleanUp(request, context, inputs.problems);
    } catch (error) {
      // Else the file would go on showing the figures of the last run that could see anything.
      if (metricsFile !== undefined && !(error instanceof UsageError) && !context.signal.aborted) {
        const {lookFailed} = await import('../workers/metrics.js');
        const failed = lookFailed(context.digitalOcean.requests);
        await this.#writeMetrics(metricsFile, failed, context.kind).catch(() => undefined);
      }

      throw error;
    }

    const {deleted, kept, left, unknown} = result.counts;
    this.log(
      `${decisionTable(result.decisions)}${flags['dry-run'] ? 'would be deleted' : 'deleted'}: ${deleted}, kept: ${kept}, left: ${left}, unknown: ${unknown}`,
    );
    if (metricsFile !== undefined) {
      await this.#writeMetrics(metricsFile, result, context.kind);
    }

    // In JSON too, what was decided is the result: the exit code alone tells that something was left.
    process.exitCode = left + unknown > 0 ? 1 : 0;
    return result;
  }

  /** In one step, so that the collector never reads half a file; keeps when the last success was. */
  async #writeMetrics(file: string, figures: Figures, kind: Kind): Promise<void> {
    const {cleanupMetrics} = await import('../workers/metrics.js');
    const metrics = cleanupMetrics(figures, kind, Date.now());
    const success = 'do_worker_cleanup_last_success_timestamp_seconds';
    // Its own, for another cleanup may write at the same time.
    const temporary = `${file}.${process.pid}.tmp`;
    try {
      const before = await readFile(file, 'utf8').catch(() => '');
      const kept = metrics.includes(success)
        ? []
        : before.split('\n').filter((line) => line.includes(success));
      await writeFile(temporary, metrics + kept.map((line) => `${line}\n`).join(''));
      await rename(temporary, file);
    } catch (error) {
      await rm(temporary, {force: true}).catch(() => undefined);
      throw new ActionableError(
        'METRICS',
        `The cleanup is done, but ${file} cannot be written (${(error as NodeJS.ErrnoException).code})`,
        ['Check that its folder is there and may be written to'],
      );
    }
  }
}
