import {renderUserData} from '../cloud-init/render.js';
import type {Context} from '../context.js';
import {UsageError} from '../errors.js';
import {newDropletName, newRunKey} from './identity.js';
import {nameProblems, placeProblems, workerRequestOf, type CreateRequest} from './plan.js';

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
  const {workerName, template} = request;
  const found = [...problems, ...nameProblems(workerName, undefined), ...placeProblems(request)];
  if (ci === undefined) {
    throw new UsageError(found);
  }

  const workerRequest = workerRequestOf(request);
  ci.plan(workerRequest, found, {isAsked: false});
  if (found.length > 0) {
    throw new UsageError(found);
  }

  const place = {region: request.regions[0]!, size: request.sizes[0]!};
  const name = newDropletName(workerName, newRunKey(), ci.maxNameLength);
  const values = await ci.preview(name, workerRequest, place, signal);
  const userData = await renderUserData(template, values);
  return {
    userData: showSecrets
      ? userData
      : await renderUserData(template, values, {redactSecrets: true}),
    bytes: Buffer.byteLength(userData),
  };
}
