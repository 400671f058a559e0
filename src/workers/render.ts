import {renderUserData} from '../cloud-init/render.js';
import type {Context} from '../context.js';
import {UsageError} from '../errors.js';
import {nameProblems, type CreateRequest} from './plan.js';

export type Rendered = {
  /** The document, with `‹redacted›` in place of secrets unless they were asked for. */
  userData: string;
  /** Of the real document. */
  bytes: number;
};

/** The user-data that `createWorkers` would send; writes nothing. */
export async function renderWorker(
  request: CreateRequest,
  {ci, signal}: Pick<Context, 'ci' | 'signal'>,
  {problems, showSecrets}: {problems: string[]; showSecrets: boolean},
): Promise<Rendered> {
  const {workerName, template, tags, ttlSeconds, variables, sshKeys, dropletKey} = request;
  const found = [...problems, ...nameProblems(workerName, undefined)];
  if (ci === undefined) {
    found.push('No CI server: give --concourse-url, or --target with a fly login');
    throw new UsageError(found);
  }

  const workerRequest = {
    workerName,
    tags,
    ttlSeconds,
    hasSshKey: sshKeys.length > 0 || dropletKey !== undefined,
    variables,
  };
  ci.plan(workerRequest, found);
  if (found.length > 0) {
    throw new UsageError(found);
  }

  const values = await ci.preview(workerRequest, signal);
  const userData = await renderUserData(template, values);
  return {
    userData: showSecrets
      ? userData
      : await renderUserData(template, values, {redactSecrets: true}),
    bytes: Buffer.byteLength(userData),
  };
}
