import {ApiError, badInput, unknown} from './api-error.js';
import {isEqual, issueCredentials, randomSecret} from './certificate.js';
import {
  issuer,
  keyOf,
  type Pool,
  poolOf,
  type ProviderType,
  type Row,
  rowOf,
  type WorkerName,
  type World,
} from './world.js';

type Proof = Partial<Record<'staticSecret' | 'document' | 'signature' | 'token', string>>;

export type Registration = WorkerName & {providerId: string; workerIdentityProof: Proof};

const defaultSeconds = 96 * 3600;
const dayMs = 24 * 3600 * 1000;

/** What each type of provider wants to see. */
const proofs: Record<ProviderType, Array<keyof Proof>> = {
  static: ['staticSecret'],
  aws: ['document', 'signature'],
  google: ['token'],
  azure: ['document'],
};

/** Credentials for a worker with the right proof; each call makes the secret of the last void (facts 14). */
export function registerWorker(world: World, registration: Registration) {
  const {workerPoolId, providerId, workerIdentityProof: proof} = registration;
  const pool = poolOf(world, workerPoolId);
  const type = world.providers.get(providerId);
  if (type === undefined) {
    throw unknown(`Provider ${providerId}`);
  }

  if (pool.providerId !== providerId) {
    throw badInput(`Worker pool ${workerPoolId} is not associated with provider ${providerId}`);
  }

  const row = type === 'static' ? rowOf(world, registration) : dynamicRow(world, registration);
  if (row.expires < world.clock.now()) {
    throw badInput(`Worker ${keyOf(row)} has expired`);
  }

  if (row.state !== 'running') {
    throw badInput('worker is not running');
  }

  const isComplete = proofs[type].every((name) => proof[name] !== undefined);
  if (!isComplete || (type === 'static' && !isEqual(proof.staticSecret!, row.staticSecret ?? ''))) {
    throw badInput(
      `bad ${type === 'static' ? 'staticSecret in workerIdentityProof' : 'workerIdentityProof'}`,
    );
  }

  world.rows.set(keyOf(row), row);
  const seconds = pool.config.lifecycle?.reregistrationTimeout ?? defaultSeconds;
  return {...credentialsFor(world, row, seconds), workerConfig: workerConfigOf(pool)};
}

/** Takes the secret of the last credentials, once; a static pool's own timeout plays no part here. */
export function reregisterWorker(world: World, {secret, ...name}: WorkerName & {secret: string}) {
  const row = rowOf(world, name);
  if (row.secret === undefined || !isEqual(secret, row.secret)) {
    throw badInput('Could not generate credentials for this secret');
  }

  const timeout = poolOf(world, row.workerPoolId).config.lifecycle?.reregistrationTimeout;
  const isStatic = world.providers.get(row.providerId) === 'static';
  return credentialsFor(world, row, isStatic ? defaultSeconds : (timeout ?? defaultSeconds));
}

/** A cloud's own worker: whoever has a proof of the right form is taken for one. */
function dynamicRow(world: World, {workerIdentityProof: _, ...name}: Registration): Row {
  const now = world.clock.now();
  return (
    world.rows.get(keyOf(name)) ?? {
      ...name,
      state: 'running',
      capacity: 1,
      created: now,
      expires: now + 8 * dayMs,
      lastModified: now,
      lastChecked: now,
      staticSecret: undefined,
      secret: undefined,
      terminateReason: undefined,
    }
  );
}

function credentialsFor({clients, clock}: World, row: Row, seconds: number) {
  const client = clients.get(issuer);
  if (client === undefined) {
    throw new ApiError('InternalServerError', 'Internal Server Error');
  }

  const now = clock.now();
  const expiry = now + seconds * 1000;
  row.secret = randomSecret();
  const credentials = issueCredentials(issuer, client, {
    clientId: `worker/${row.providerId}/${keyOf(row)}`,
    scopes: scopesOf(row),
    start: now - 15 * 60 * 1000,
    expiry,
  });
  return {expires: new Date(expiry).toISOString(), credentials, secret: row.secret};
}

function scopesOf({workerPoolId, workerGroup, workerId}: WorkerName): string[] {
  const worker = `${workerPoolId}/${workerGroup}/${workerId}`;
  return [
    `assume:worker-type:${workerPoolId}`,
    `assume:worker-pool:${workerPoolId}`,
    `assume:worker-id:${workerGroup}/${workerId}`,
    `queue:worker-id:${workerGroup}/${workerId}`,
    `secrets:get:worker-type:${workerPoolId}`,
    `secrets:get:worker-pool:${workerPoolId}`,
    `queue:claim-work:${workerPoolId}`,
    `worker-manager:remove-worker:${worker}`,
    `worker-manager:reregister-worker:${worker}`,
    `worker-manager:should-worker-terminate:${worker}`,
  ];
}

/** A cloud's pool has one per launch configuration; here it is always the first one's. */
function workerConfigOf({config}: Pool): Record<string, unknown> {
  return config.workerConfig ?? config.launchConfigs?.[0]?.workerConfig ?? {};
}
